// Forms: Ctrl+Enter saves, unsaved typing warns, the first wrong field gets the focus, one press posts once.
import { post, words } from "geban/app";

for (const form of document.querySelectorAll("form[data-keys]")) {
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit(form.querySelector('button[type="submit"]'));
    }
  });
}

for (const form of document.querySelectorAll("form[data-guard]")) {
  let dirty = Boolean(form.querySelector("[data-summary]"));
  let sent = false;
  form.addEventListener("input", () => { dirty = true; });
  form.addEventListener("change", (event) => { if (event.isTrusted) dirty = true; });
  form.addEventListener("submit", (event) => {
    if (sent) { event.preventDefault(); return; }
    sent = true;
    dirty = false;
    setTimeout(() => { sent = false; }, 4000);
  });
  window.addEventListener("beforeunload", (event) => {
    if (dirty) { event.preventDefault(); event.returnValue = words.unsaved; }
  });
  window.addEventListener("pageshow", () => { sent = false; });
}

const wrong = document.querySelector('[aria-invalid="true"]');
const summary = document.querySelector("[data-summary]");
if (wrong) (wrong.tomselect ?? wrong).focus();
else if (summary) summary.focus();
else if (!document.querySelector("[autofocus]")) {
  const fields = [...document.querySelectorAll("form.gb-form .gb-grid :is(input, select, textarea):not([type=hidden], .ts-wrapper *)")];
  // a record that is chosen already would only open its list over the form
  const first = fields.find((field) => !(field.dataset.remote && field.value)) ?? fields[0];
  (first?.tomselect ?? first)?.focus();
}

// What is typed goes to the server every few seconds, and once more just before it is sent: it survives a crash of the
// machine, a lost network, an ended session and a refusal that has no form on its page. Saving drops it.
const PAUSE = 3000;
const PATIENCE = 1500;
for (const form of document.querySelectorAll("form[data-draft]")) {
  let timer = null;
  let last = "";
  let typed = false;
  let sending = false;
  const keep = async () => {
    const values = [...new FormData(form)].filter(([, value]) => typeof value === "string" && value !== "");
    const now = JSON.stringify(values);
    if (now === last) return;
    last = now;
    await post(form.dataset.draftUrl, { page: form.dataset.draft, title: document.title, values });
  };
  const later = () => {
    typed = true;
    clearTimeout(timer);
    timer = setTimeout(keep, PAUSE);
  };
  form.addEventListener("input", later);
  form.addEventListener("change", (event) => { if (event.isTrusted) later(); });
  // in the capture phase, before the listeners that count a form as sent
  form.addEventListener("submit", async (event) => {
    clearTimeout(timer);
    if (!typed || sending === "now") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (sending) return;
    sending = true;
    await Promise.race([keep(), new Promise((done) => { setTimeout(done, PATIENCE); })]);
    sending = "now";
    form.requestSubmit(event.submitter);
    sending = false;
  }, true);
}
