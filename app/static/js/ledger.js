// The ledger builder: chosen fields move up into their order, the first rows are asked for while the page is filled in.
const form = document.querySelector("[data-ledger]");
const chosen = form.querySelector("[data-chosen]");
const rows = form.querySelector("[data-rows]");
const WAIT = 700;
let timer = 0;
let asked = 0;

async function look() {
  const mine = ++asked;
  rows.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form), credentials: "same-origin" });
    const text = await answer.text();
    if (mine !== asked) return; // a later question is on its way
    if (answer.status === 200 || answer.status === 422) rows.innerHTML = text;
  } catch {
    // the network is away: the next change asks again
  } finally {
    if (mine === asked) rows.removeAttribute("aria-busy");
  }
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(look, WAIT);
}

form.addEventListener("change", (event) => {
  const box = event.target;
  if (box.name === "columns") {
    const item = box.closest("li");
    if (box.checked && item.parentElement !== chosen) {
      chosen.append(item);
      item.querySelector(".gl-moves").hidden = false;
      box.focus();
    }
  }
  soon();
});

form.addEventListener("click", (event) => {
  const button = event.target.closest("[data-up], [data-down], [data-look]");
  if (!button) return;
  if (button.matches("[data-look]")) {
    look();
    return;
  }
  const item = button.closest("li");
  const other = button.matches("[data-up]") ? item.previousElementSibling : item.nextElementSibling;
  if (!other) return;
  if (button.matches("[data-up]")) other.before(item);
  else other.after(item);
  button.focus();
  form.dispatchEvent(new Event("input")); // the order of the fields is typed, too: it goes into the draft
  soon();
});

look();
// on a phone the fields stand above the first control that gets the focus, and what is said about a draft above these
if (matchMedia("(max-width: 700px)").matches) addEventListener("load", () => scrollTo(0, 0));
