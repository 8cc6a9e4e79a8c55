// The dialog of one photo: page by page, and its four corners for thumb or keys.
const dialog = document.querySelector("[data-photo-dialog]");
const find = (name) => dialog.querySelector(`[data-${name}]`);
const STEP = 0.01;
const WHOLE = [[0.06, 0.06], [0.94, 0.06], [0.94, 0.94], [0.06, 0.94]];

let strip = null, link = null, tools = null, corners = null;
let turned = 0; // quarter turns of the result

const pages = () => [...strip.querySelectorAll("[data-page]")].filter((a) => a.target !== "_blank");

function show(source) {
  const image = find("image");
  image.alt = strip.dataset.name;
  image.onload = fit;
  image.src = source;
  const all = pages(), at = all.indexOf(link);
  find("title").textContent = strip.dataset.name;
  find("count").textContent = all.length > 1 ? `${at + 1} / ${all.length}` : "";
  find("previous").disabled = at <= 0;
  find("next").disabled = at >= all.length - 1;
}

// the picture takes what room the dialog leaves, so that the corners stand on it and not on its frame
function fit() {
  const frame = dialog.querySelector(".gp-frame"), image = find("image");
  image.style.maxHeight = `${Math.max(120, frame.clientHeight - 44)}px`;
}
window.addEventListener("resize", () => { if (dialog?.open) fit(); });

function mode(cutting) {
  find("look").hidden = cutting;
  find("cutting").hidden = !cutting;
  find("outline").toggleAttribute("hidden", !cutting);
  dialog.querySelectorAll("[data-corner]").forEach((c) => { c.hidden = !cutting; });
  find("hint").hidden = !cutting;
}

const stamp = (source) => `${source}${source.includes("?") ? "&" : "?"}v=${Date.now()}`;

/** What the page lends: take, ask, post, say, words. */
export function use(given) { tools = given; }

export function look(place, page) {
  strip = place; link = page; corners = null;
  const own = "own" in link.dataset && Boolean(strip.querySelector("[data-camera]"));
  find("cut").hidden = find("better").hidden = find("valid-line").hidden = !own;
  find("valid-until").value = strip.dataset.valid;
  const remove = find("remove");
  if (remove) remove.hidden = !own;
  mode(false);
  if (!dialog.open) dialog.showModal();
  show(link.href);
}

/** Four corners on the picture as it was taken; what was found is only a proposal. */
export function cut(place, page, found, hint) {
  strip = place; link = page; turned = 0;
  corners = (found ?? WHOLE).map(([x, y]) => [x, y]);
  mode(true);
  find("hint").textContent = hint ?? (found ? dialog.dataset.wordsFound : dialog.dataset.wordsNone);
  if (!dialog.open) dialog.showModal();
  show(`${link.href}?taken=1`);
  draw();
  find("straighten").focus();
}

function draw() {
  dialog.querySelector("polygon").setAttribute("points", corners.map((p) => p.join(",")).join(" "));
  corners.forEach(([x, y], n) => {
    const handle = dialog.querySelector(`[data-corner="${n}"]`);
    handle.style.left = `${x * 100}%`;
    handle.style.top = `${y * 100}%`;
  });
}

// the stage may be turned while a corner is dragged: back to where the picture itself has the point
function unturned(u, v) {
  return [[u, v], [v, 1 - u], [1 - u, 1 - v], [1 - v, u]][turned];
}

const within = (value) => Math.min(1, Math.max(0, value));
function move(n, x, y) { corners[n] = [within(x), within(y)]; draw(); }

if (dialog) {
  for (const handle of dialog.querySelectorAll("[data-corner]")) {
    const n = Number(handle.dataset.corner);
    handle.addEventListener("pointerdown", (event) => { event.preventDefault(); handle.focus(); handle.setPointerCapture(event.pointerId); });
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const box = find("image").getBoundingClientRect();
      move(n, ...unturned((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height));
    });
    handle.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!way) return;
      event.preventDefault();
      const step = event.shiftKey ? STEP * 5 : STEP;
      const [x0, y0] = unturned(0, 0), [x, y] = unturned(way[0] * step, way[1] * step);
      move(n, corners[n][0] + x - x0, corners[n][1] + y - y0);
    });
  }
  find("close").addEventListener("click", () => dialog.close());
  find("previous").addEventListener("click", () => { const all = pages(); look(strip, all[all.indexOf(link) - 1]); });
  find("next").addEventListener("click", () => { const all = pages(); look(strip, all[all.indexOf(link) + 1]); });
  find("cut").addEventListener("click", async () => {
    const answer = await fetch(`${link.href.split("?")[0]}/corners`, { credentials: "same-origin", headers: { Accept: "application/json" } }).catch(() => null);
    const found = answer?.ok ? (await answer.json()).corners : null;
    cut(strip, link, found);
  });
  // the first corner becomes the upper left one: a quarter turn begins at the corner before it
  find("turn").addEventListener("click", () => {
    turned = (turned + 1) % 4;
    find("stage").style.transform = turned ? `rotate(${turned * 90}deg) scale(${turned % 2 ? 0.7 : 1})` : "";
  });
  const done = () => { find("stage").style.transform = ""; };
  dialog.addEventListener("close", done);
  const change = async (body) => {
    const { ok, data } = await tools.post(`${link.href.split("?")[0]}/straighten`, body);
    done();
    if (!ok) { find("hint").hidden = false; find("hint").textContent = data.message ?? ""; return; }
    look(strip, link);
    show(stamp(link.href));
  };
  find("straighten").addEventListener("click", () => {
    const from = (4 - turned) % 4;
    const order = [...corners.slice(from), ...corners.slice(0, from)];
    change(new URLSearchParams({ corners: JSON.stringify(order) }));
  });
  find("keep").addEventListener("click", () => {
    if (!turned) { change(new URLSearchParams()); return; }
    const whole = [[0, 0], [1, 0], [1, 1], [0, 1]], from = (4 - turned) % 4;
    change(new URLSearchParams({ corners: JSON.stringify([...whole.slice(from), ...whole.slice(0, from)]) }));
  });
  find("instead").addEventListener("change", (event) => {
    const files = [...event.target.files], old = link.dataset.page;
    event.target.value = "";
    if (!files.length) return;
    dialog.close();
    tools.take(strip, files, old);
  });
  // what the paper itself says: an expired one is never reused
  find("valid-until").addEventListener("change", async (event) => {
    const body = new URLSearchParams({ valid_until: event.target.value });
    const { ok, data } = await tools.post(`${strip.dataset.base}/valid/${strip.dataset.seq}`, body);
    find("hint").hidden = ok;
    if (ok) strip.dataset.valid = data.valid_until; else { find("hint").textContent = data.message ?? ""; event.target.value = strip.dataset.valid; }
  });
  find("remove")?.addEventListener("click", async () => {
    const here = strip, gone = link;
    dialog.close();
    const reason = await tools.ask({ text: tools.told.wordsWhy, input: tools.told.wordsReason, danger: true });
    if (!reason) return;
    const { ok, data } = await tools.post(`${gone.href.split("?")[0]}/remove`, new URLSearchParams({ reason }));
    if (!ok) { tools.say(data.message, "danger"); return; }
    gone.closest("li").remove();
    [...here.querySelectorAll("[data-pages] a")].forEach((a, n) => { a.textContent = n + 1; });
  });
}
