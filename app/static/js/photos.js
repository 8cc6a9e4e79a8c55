// Photos of papers: made small on the phone, sent with progress, kept until they are sent; what is there already.
import { acting, ask, post, say, token, words } from "geban/app";
import { cut, look, use } from "geban/cutting";

const LONGEST = 2000; // pixels: a page of A4 at 170 dpi, some 500 KB
const QUALITY = 0.85;
const dialog = document.querySelector("[data-photo-dialog]");
const told = dialog?.dataset ?? {};

// --- making it small ------------------------------------------------------------------------------------------------
// the canvas draws the picture upright as the camera meant it, and knows nothing of where it was taken
async function shrunk(file) {
  if (!file.type.startsWith("image/")) return file;
  const url = URL.createObjectURL(file);
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const scale = Math.min(1, LONGEST / Math.max(image.naturalWidth, image.naturalHeight));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(image.naturalWidth * scale);
    canvas.height = Math.round(image.naturalHeight * scale);
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
    return blob ?? file;
  } catch {
    return file; // a kind that this browser cannot draw: the server says what it thinks of it
  } finally {
    URL.revokeObjectURL(url);
  }
}

// --- sending --------------------------------------------------------------------------------------------------------
let waiting = 0;
window.addEventListener("beforeunload", (event) => {
  if (waiting) { event.preventDefault(); event.returnValue = told.wordsLeave; }
});

function sendOnce(url, body, onProgress) {
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("X-CSRFToken", token());
    request.setRequestHeader("X-Acting", acting());
    request.setRequestHeader("Accept", "application/json");
    request.timeout = 120000;
    request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) onProgress(event.loaded / event.total); });
    const answered = () => {
      let data = {};
      try { data = JSON.parse(request.responseText); } catch { /* no answer of ours */ }
      done({ ok: request.status >= 200 && request.status < 300, status: request.status, data });
    };
    request.addEventListener("load", answered);
    for (const name of ["error", "timeout", "abort"]) request.addEventListener(name, () => done({ ok: false, status: 0, data: { message: words.offline } }));
    request.send(body);
  });
}

const newId = () => {
  const bytes = [...crypto.getRandomValues(new Uint8Array(16))];
  const hex = bytes.map((b) => b.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};

/** One photo on its way: a line with its progress; what fails stays there and is sent again under the same id. */
async function send(strip, file, instead = "") {
  const id = newId();
  const line = document.createElement("div");
  line.className = "gp-sending";
  const text = document.createElement("span");
  text.setAttribute("role", "status");
  const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
  bar.setAttribute("aria-label", told.wordsSending);
  line.append(text, bar);
  strip.querySelector("[data-sendings]").append(line);
  waiting += 1;
  text.textContent = `${told.wordsSending}…`;
  const small = await shrunk(file);
  const attempt = async () => {
    line.removeAttribute("data-failed");
    text.textContent = `${told.wordsSending}…`;
    bar.hidden = false;
    const body = new FormData();
    body.set("photo", small, small.type === "application/pdf" ? "paper.pdf" : "photo.jpg");
    body.set("client_uid", id);
    if (instead) body.set("instead", instead);
    const { ok, data } = await sendOnce(`${strip.dataset.base}/photos/${strip.dataset.seq}`, body, (part) => { bar.value = part; });
    if (ok) { waiting -= 1; line.remove(); return data; }
    line.setAttribute("data-failed", "");
    bar.hidden = true;
    text.textContent = `${data.message ?? ""} ${told.wordsFailed} `;
    return new Promise((done) => {
      const again = button(told.wordsAgain, "btn btn-primary btn-sm");
      const drop = button(told.wordsDrop, "btn btn-outline-secondary btn-sm");
      again.addEventListener("click", () => done(attempt()));
      drop.addEventListener("click", () => { waiting -= 1; line.remove(); done(null); });
      text.append(again, " ", drop);
    });
  };
  return attempt();
}

function button(text, css) {
  return Object.assign(document.createElement("button"), { type: "button", className: css, textContent: text });
}

function addPage(strip, { uid, is_picture: isPicture }, instead) {
  const list = strip.querySelector("[data-pages]");
  if (instead) list.querySelector(`[data-page="${CSS.escape(instead)}"]`)?.closest("li").remove();
  const link = document.createElement("a");
  link.href = `${strip.dataset.base}/photo/${uid}`;
  link.dataset.page = uid;
  if (isPicture) link.dataset.own = ""; else link.target = "_blank";
  const line = document.createElement("li");
  line.append(link);
  list.append(line);
  [...list.querySelectorAll("a")].forEach((a, n) => { a.textContent = n + 1; });
  return link;
}

/** At the door a photographed paper is one that is here. */
function isHere(strip) {
  const paper = strip.closest(".gf-paper");
  const chip = paper?.querySelector('input[type=radio][value="collected"]');
  const chosen = paper?.querySelector('input[type=radio][name^="paper."]:checked');
  if (chip && (!chosen || chosen.value === "asked" || chosen.value === "shared")) {
    chip.checked = true;
    chip.dispatchEvent(new Event("change", { bubbles: true }));
    chip.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

export async function take(strip, files, instead = "") {
  let last = null;
  for (const file of files) {
    const data = await send(strip, file, instead);
    if (!data) continue;
    const link = addPage(strip, data, instead);
    isHere(strip);
    last = { link, data };
  }
  // one photo: its edges are shown at once, where they were found
  if (last && files.length === 1 && last.data.is_picture && last.data.corners) cut(strip, last.link, last.data.corners);
}

document.addEventListener("change", (event) => {
  const input = event.target;
  if (input.matches("[data-camera]")) {
    const files = [...input.files];
    input.value = "";
    if (files.length) take(input.closest("[data-strip]"), files);
  }
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-page]");
  if (!link || link.target === "_blank" || event.ctrlKey || event.metaKey || !dialog) return;
  event.preventDefault();
  look(link.closest("[data-strip]"), link);
});
use({ take, ask, post, say, told });

// --- what is there already ------------------------------------------------------------------------------------------
function paperOf(base, seq) {
  return [...document.querySelectorAll("[data-strip]")].find((s) => s.dataset.base === base && s.dataset.seq === String(seq));
}

function offerLine(strip, offer) {
  const line = document.createElement("p");
  line.className = "gp-there";
  line.append(Object.assign(document.createElement("span"), { textContent: `${told.wordsThere}: ${offer.words}` }));
  if (offer.usable) {
    const over = button(told.wordsUse, "btn btn-outline-primary btn-sm");
    over.setAttribute("aria-label", `${told.wordsUse}: ${strip.dataset.name}`);
    over.addEventListener("click", async () => {
      over.disabled = true;
      const body = new URLSearchParams({ source: offer.source, uid: offer.uid });
      const { ok, data } = await post(`${strip.dataset.base}/reuse/${strip.dataset.seq}`, body);
      if (!ok) { over.disabled = false; say(data.message, "danger"); return; }
      used(strip, line, data);
    });
    line.append(over);
  }
  return line;
}

/** Taken over: the desk shows the page anew, the door ticks the paper and says where it is from. */
function used(strip, line, data) {
  const chip = strip.closest(".gf-paper")?.querySelector(`input[type=radio][value="${data.state}"]`);
  if (!chip) { window.location.reload(); return; }
  chip.checked = true;
  chip.dispatchEvent(new Event("change", { bubbles: true }));
  strip.querySelector("[data-there]").replaceChildren(Object.assign(document.createElement("p"), { className: "gp-source", textContent: `${data.label}: ${data.source}` }));
}

function conditionLine(base, found) {
  const name = `applies.${base.split("/").pop()}.${found.seq}`;
  const value = found.applies ? "yes" : "no";
  const chip = document.querySelector(`input[type=radio][name="${CSS.escape(name)}"][value="${value}"]`);
  const place = chip?.closest(".gf-paper")?.querySelector("[data-condition]") ?? document.querySelector(`[data-condition="${found.seq}"]`);
  if (!place) return;
  const line = document.createElement("span");
  line.className = "gp-there";
  line.append(Object.assign(document.createElement("span"), { textContent: `${told.wordsPropose}: ${found.applies ? told.wordsYes : told.wordsNo} (${found.words})` }));
  if (chip) {
    const over = button(told.wordsTake, "btn btn-outline-primary btn-sm");
    over.addEventListener("click", () => {
      chip.checked = true;
      chip.dispatchEvent(new Event("change", { bubbles: true }));
      chip.dispatchEvent(new Event("input", { bubbles: true }));
    });
    line.append(over);
  }
  place.replaceChildren(line);
}

const bases = new Set([...document.querySelectorAll("[data-strip]")].filter((s) => s.querySelector("[data-there], [data-camera]")).map((s) => s.dataset.base));
for (const base of bases) {
  fetch(`${base}/there`, { credentials: "same-origin", headers: { Accept: "application/json", "X-Acting": acting() } })
    .then((answer) => (answer.ok ? answer.json() : { offers: [], conditions: [] }))
    .then(({ offers, conditions }) => {
      for (const offer of offers) {
        const strip = paperOf(base, offer.seq);
        strip?.querySelector("[data-there]")?.append(offerLine(strip, offer));
      }
      conditions.forEach((found) => conditionLine(base, found));
    })
    .catch(() => {});
}
document.addEventListener("click", async (event) => {
  const no = event.target.closest("[data-give-up]");
  if (!no) return;
  const strip = no.closest("[data-strip]");
  const { ok, data } = await post(`${strip.dataset.base}/reuse/${strip.dataset.seq}`, new URLSearchParams());
  if (ok) window.location.reload(); else say(data.message, "danger");
});
