// What every page needs: search key, drawer, pop-ups, questions before a step, closing of messages.
const words = document.getElementById("gb-words")?.dataset ?? {};
const dialog = document.getElementById("gb-dialog");

export function token() {
  return document.querySelector('meta[name="csrf_token"]').content;
}

/** The post under which this page was opened: another tab may have switched since. */
export function acting() {
  return document.querySelector('meta[name="acting"]').content;
}

/** POST JSON or a form; answers {ok, status, data}. A failure of the network is an answer too. */
export async function post(url, body) {
  const headers = { "X-CSRFToken": token(), "X-Acting": acting(), Accept: "application/json" };
  if (!(body instanceof FormData) && !(body instanceof URLSearchParams)) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(body);
  }
  try {
    const answer = await fetch(url, { method: "POST", headers, body, credentials: "same-origin" });
    const data = await answer.json().catch(() => ({}));
    return { ok: answer.ok, status: answer.status, data };
  } catch {
    return { ok: false, status: 0, data: { message: words.offline } };
  }
}

/** Ask; resolves to the typed text, true, or null when the person says no. */
export function ask({ text, title, input, type = "text", danger = false }) {
  const line = dialog.querySelector("[data-input]");
  const field = dialog.querySelector("#gb-dialog-value");
  const yes = dialog.querySelector("[data-yes]");
  dialog.querySelector("[data-text]").textContent = text;
  if (title) dialog.querySelector("h2").textContent = title;
  line.hidden = !input;
  if (input) dialog.querySelector("[data-input-label]").textContent = input;
  field.required = Boolean(input);
  field.type = type;
  field.autocomplete = type === "password" ? "current-password" : "off";
  field.value = "";
  yes.className = `btn ${danger ? "btn-danger" : "btn-primary"}`;
  dialog.returnValue = "no";
  dialog.showModal();
  (input ? field : yes).focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const said = field.value;
      field.value = "";
      resolve(dialog.returnValue === "yes" ? (input ? said : true) : null);
    }, { once: true });
  });
}

/** POST that may be answered with “give your password again”: asks for it and repeats the request once. */
export async function postConfirmed(url, body) {
  const answer = await post(url, body);
  if (answer.data.code !== "confirm_needed") return answer;
  const password = await ask({ text: words.passwordAsk, input: words.password, type: "password" });
  if (password === null) return { ok: false, status: 0, data: { message: "" } };
  const confirmed = await post(answer.data.confirm_url, { password });
  return confirmed.ok ? post(url, body) : confirmed;
}

/** A message at the top of the page. */
export function say(text, level = "info") {
  if (!text) return;
  const line = document.createElement("div");
  line.className = `gb-flash gb-flash-${level}`;
  line.textContent = text;
  document.querySelector(".gb-flashes")?.append(line);
  line.scrollIntoView({ block: "nearest" });
}

function drawer(open) {
  document.body.classList.toggle("gb-drawer-open", open);
  document.querySelectorAll("[data-drawer]").forEach((b) => b.setAttribute("aria-expanded", String(open)));
  if (open) document.querySelector("#side a")?.focus();
}

document.addEventListener("click", (event) => {
  const on = (selector) => event.target.closest(selector);
  if (on("[data-drawer]")) drawer(!document.body.classList.contains("gb-drawer-open"));
  else if (on("[data-drawer-close]")) drawer(false);
  if (on("[data-dismiss]")) on("[data-dismiss]").parentElement.remove();
  if (on("[data-back]")) history.back();
  if (on("[data-print]")) window.print();
  document.querySelectorAll("details[data-pop][open]").forEach((d) => { if (!d.contains(event.target)) d.open = false; });
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.altKey) {
    const box = document.getElementById("gb-q");
    if (box) { event.preventDefault(); box.focus(); box.select(); }
  }
  if (event.key === "Escape") {
    drawer(false);
    document.querySelectorAll("details[data-pop][open]").forEach((d) => { d.open = false; d.querySelector("summary").focus(); });
  }
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.confirm || form.dataset.sure) return;
  event.preventDefault();
  if (await ask({ text: form.dataset.confirm, danger: "danger" in form.dataset })) {
    form.dataset.sure = "1";
    form.requestSubmit(event.submitter ?? undefined);
  }
});

// The bell asks at most once a minute; the number is kept for the pages in between.
const bell = document.querySelector("[data-bell]");
async function ring() {
  const kept = JSON.parse(sessionStorage.getItem("geban.bell") ?? "{}");
  let { count = 0, at = 0 } = kept;
  if (Date.now() - at > 60000) {
    const answer = await fetch(bell.dataset.bell, { credentials: "same-origin", headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok) return;
    ({ count } = await answer.json());
    sessionStorage.setItem("geban.bell", JSON.stringify({ count, at: Date.now() }));
  }
  const badge = bell.querySelector(".gb-bell-count");
  badge.hidden = !count;
  badge.textContent = count > 99 ? "99+" : count;
}
if (bell?.dataset.bell) {
  if (location.pathname.startsWith("/inbox")) sessionStorage.removeItem("geban.bell");
  ring();
}

export { words };
