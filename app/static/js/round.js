// Pages of a round: a form goes by fetch, so that a refusal or a dead network loses nothing; parts that do not apply hide.
import { post, say } from "geban/app";

// --- what was kept ------------------------------------------------------------------------------------------------
// the pairs (name, value) of a draft go back into the form; what is not named was empty or not ticked
const kept = document.querySelector("[data-kept]");
if (kept) {
  const form = document.querySelector("form[data-send]");
  const pairs = JSON.parse(kept.textContent);
  for (const field of form.querySelectorAll("input, select, textarea")) {
    if (!field.name || field.type === "file" || ["csrf_token", "client_uid", "_acting"].includes(field.name)) continue;
    const values = pairs.filter(([name]) => name === field.name).map(([, value]) => value);
    if (field.type === "checkbox") field.checked = values.includes(field.value) && !field.disabled;
    else if (field.type === "radio") { if (values.length) field.checked = values.includes(field.value); }
    else if (values.length) field.value = values[0];
  }
}

// --- sending -----------------------------------------------------------------------------------------------------
for (const form of document.querySelectorAll("form[data-send]")) {
  let sending = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (sending) return;
    sending = true;
    const button = event.submitter ?? form.querySelector('button[type="submit"]');
    const body = new FormData(form);
    if (button?.name) body.set(button.name, button.value);
    button?.setAttribute("aria-busy", "true");
    const { ok, data } = await post(form.action || location.href, body);
    button?.removeAttribute("aria-busy");
    sending = false;
    if (ok && data.url) { location.replace(data.url); return; }
    refuse(form, data);
    form.dispatchEvent(new Event("input")); // not saved: leaving asks again
  });
}

function refuse(form, { message, field }) {
  const line = form.querySelector("[data-refusal]");
  line.hidden = false;
  line.querySelector("span").textContent = message ?? "";
  form.querySelectorAll("[data-wrong]").forEach((e) => e.removeAttribute("data-wrong"));
  const place = field && form.querySelector(`[data-field="${CSS.escape(field)}"]`);
  if (!place) { line.scrollIntoView({ block: "center" }); line.focus(); return; }
  place.setAttribute("data-wrong", "");
  place.closest("details")?.setAttribute("open", "");
  place.scrollIntoView({ block: "center" });
  (place.querySelector("input:not([type=hidden]), select, textarea") ?? place).focus({ preventScroll: true });
}

// --- what applies --------------------------------------------------------------------------------------------------
// data-when="outcome:met family": shown while the form's field has one of these values
const parts = [...document.querySelectorAll("[data-when]")];
function fit() {
  for (const part of parts) {
    const [name, values] = part.dataset.when.split(":");
    const form = part.closest("form");
    const now = new FormData(form).get(name) ?? "";
    part.hidden = !values.split(" ").includes(now);
    // a hidden part sends nothing and asks for nothing
    part.querySelectorAll("input, select, textarea").forEach((e) => { e.disabled = part.hidden; });
  }
  for (const box of document.querySelectorAll("[data-missing]")) {
    const open = [...box.closest("form").querySelectorAll('[data-required] input[value="asked"]:checked')]
      .some((e) => !e.disabled && !e.closest("[hidden]"));
    box.hidden = !open;
    box.querySelectorAll("input").forEach((e) => { e.disabled = !open; });
  }
}
document.addEventListener("change", fit);

// everything is on the table: one tap instead of one for each paper
for (const button of document.querySelectorAll("[data-all-here]")) {
  button.addEventListener("click", () => {
    for (const waiting of button.closest("fieldset").querySelectorAll('[data-required] input[value="asked"]:checked')) {
      const here = waiting.closest(".gf-chips").querySelector('input[value="collected"]');
      if (here && !here.disabled) here.click();
    }
    fit();
  });
}
fit();

// --- choosing people ------------------------------------------------------------------------------------------------
const list = document.querySelector("[data-people]");
if (list) {
  const form = list.closest("form");
  const box = form.querySelector("[data-find]");
  const count = form.querySelectorAll("[data-count]");
  const more = form.querySelector("[data-more]");
  const none = form.querySelector("[data-none]");
  const item = form.querySelector('select[name="item"]'); // a new case asks for nobody's open cases
  const shape = document.getElementById("gf-person");

  const tell = () => count.forEach((e) => { e.textContent = list.querySelectorAll("input:checked").length; });
  const row = (p) => {
    const line = shape.content.firstElementChild.cloneNode(true);
    const tick = line.querySelector("input");
    tick.value = p.uid;
    tick.disabled = Boolean(p.busy);
    line.querySelector("[data-name]").textContent = p.name;
    line.querySelector("[data-born]").textContent = p.born ?? "";
    line.querySelector("[data-hint]").textContent = p.hint;
    line.querySelector("[data-address]").textContent = p.address;
    line.querySelector("[data-busy]").hidden = !p.busy;
    return line;
  };
  const show = ({ people, more: others }) => {
    const kept = [...list.querySelectorAll("input:checked")].map((e) => e.closest("label"));
    const there = new Set(kept.map((e) => e.querySelector("input").value));
    list.replaceChildren(...kept, ...people.filter((p) => !there.has(p.uid)).map(row));
    more.hidden = !others;
    none.hidden = list.children.length > 0;
    tell();
  };
  let asked = 0;
  const find = async () => {
    const mine = ++asked;
    const age = form.querySelector('[name="age"]:checked')?.value ?? "0";
    const body = new URLSearchParams({ q: box.value, age, item: item?.value ?? "" });
    const { ok, data } = await post(list.dataset.people, body);
    if (mine !== asked) return;
    if (ok) show(data); else say(data.message, "danger");
  };
  let timer = null;
  box.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(find, 250); });
  box.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); find(); } });
  form.addEventListener("change", (event) => {
    if (event.target.name === "age" || event.target === item) find();
    tell();
  });
  tell();
}

// services are found by code, characters, pinyin or initials
const services = document.querySelector('select[name="item"], select[data-services]');
if (services && window.TomSelect) new TomSelect(services, { searchField: ["text", "py", "initials"], maxOptions: null });
