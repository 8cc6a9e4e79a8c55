// Case pages: steps in a dialog that keeps what was typed, the work list by keyboard, conditions of a service.
import { acting, post, words } from "geban/app";

const dialog = document.getElementById("gc-step");

async function open(url) {
  const place = dialog.querySelector("[data-piece-place]");
  const answer = await fetch(url, { credentials: "same-origin", headers: { "X-Requested-With": "fetch", "X-Acting": acting() } }).catch(() => null);
  if (!answer || !answer.ok) { window.location = url; return; }
  place.innerHTML = await answer.text();
  dialog.showModal();
  place.querySelector("input:not([type=hidden]), select, textarea, button")?.focus();
}

function refuse(form, data) {
  const line = form.querySelector("[data-refusal]");
  line.textContent = data.message || words.failed;
  line.hidden = false;
  const field = data.field && form.elements.namedItem(data.field);
  form.querySelectorAll("[aria-invalid]").forEach((f) => f.removeAttribute("aria-invalid"));
  field?.closest?.("[hidden]")?.removeAttribute("hidden"); // what is only asked once it was refused
  if (field?.setAttribute) { field.setAttribute("aria-invalid", "true"); field.focus(); } else line.scrollIntoView({ block: "nearest" });
}

// a step in the dialog is kept like any form: a stray Back or Escape loses nothing
let timer = null;
let isTyped = false;
function keepLater(form) {
  isTyped = true;
  if (!form.dataset.draft) return;
  clearTimeout(timer);
  timer = setTimeout(() => {
    const values = [...new FormData(form)].filter(([, value]) => typeof value === "string" && value !== "");
    post(form.dataset.draftUrl, { page: form.dataset.draft, title: document.title, values });
  }, 1500);
}

async function send(form) {
  clearTimeout(timer);
  const button = form.querySelector('button[type="submit"]');
  button.disabled = true;
  // the field named "action" hides form.action
  const { ok, data } = await post(form.getAttribute("action"), new FormData(form));
  if (ok && data.url) { isTyped = false; window.location = data.url; return; }
  button.disabled = false;
  refuse(form, data);
}

if (dialog) {
  dialog.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-step-form]");
    if (form) keepLater(form);
  });
  window.addEventListener("beforeunload", (event) => {
    if (isTyped && dialog.open) { event.preventDefault(); event.returnValue = words.unsaved; }
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-step]");
    if (link && !event.ctrlKey && !event.metaKey) { event.preventDefault(); open(link.href); }
    if (event.target.closest("[data-step-close]") && dialog.open) { event.preventDefault(); dialog.close(); }
  });
  dialog.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-step-form]")) return;
    event.preventDefault();
    send(event.target);
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      dialog.querySelector("form[data-step-form]")?.requestSubmit();
    }
  });
}

const table = document.querySelector("table[data-rows]");
if (table) {
  const rows = [...table.querySelectorAll("tbody tr")];
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, select, textarea") || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    const next = rows[Math.max(0, Math.min(rows.length - 1, at + (event.key === "ArrowDown" ? 1 : -1)))];
    event.preventDefault();
    rows.forEach((row) => row.classList.toggle("gc-here", row === next));
    next.querySelector("a").focus();
  });
}

const booking = document.querySelector("form[data-booking]");
if (booking) {
  const box = booking.querySelector("[data-conditions]");
  const place = booking.querySelector("[data-conditions-place]");
  const choice = (value, text) => Object.assign(document.createElement("option"), { value, textContent: text });
  const drawn = ({ n, text, answer, why }) => {
    const field = document.createElement("div");
    field.className = "gb-field";
    const label = Object.assign(document.createElement("label"), { htmlFor: `condition-${n}`, textContent: text });
    const select = Object.assign(document.createElement("select"), { id: `condition-${n}`, name: `condition-${n}`, className: "form-select" });
    select.append(choice("", place.dataset.wordsOpen), choice("yes", place.dataset.wordsYes), choice("no", place.dataset.wordsNo));
    select.value = answer;
    field.append(label, select);
    if (why) {
      select.setAttribute("aria-describedby", `why-${n}`);
      field.append(Object.assign(document.createElement("small"), { id: `why-${n}`, className: "gc-why", textContent: why }));
    }
    return field;
  };
  let number = 0;
  const load = async () => {
    const item = booking.elements.namedItem("item").value;
    const asked = ++number;
    if (!item) { place.replaceChildren(); box.hidden = true; return; }
    // what the registry says of the resident is filled in, with where it comes from; it may be changed
    const person = booking.elements.namedItem("person").value;
    const { ok, data } = await post(booking.dataset.booking, new URLSearchParams({ item, person }));
    if (!ok || asked !== number) return;
    place.replaceChildren(...data.conditions.map(drawn));
    box.hidden = data.conditions.length === 0;
  };
  ["item", "person"].forEach((name) => booking.elements.namedItem(name)?.addEventListener("change", load));
}
