// The custom fields of the home itself, above its households.
import { CodeField } from "./codes.js";
import { el, SEALED } from "./rows.js";

export class Home {
  /** ``page`` is the desk; ``fields`` what is asked; ``state`` the home as the server knows it; ``draft`` what was typed. */
  constructor(page, fields, state, draft) {
    Object.assign(this, { page, fields, inputs: {}, problems: [], typed: { ...(draft?.fields ?? {}) } });
    this.box = el("section", { class: "gb-card gc-home", "aria-label": page.words.home, hidden: fields.length ? null : "" });
    this.known = state;
    this.version = draft?.version ?? state.version;
    this.box.addEventListener("keydown", (event) => this.key(event));
  }

  /** Enter leads on as in the rows: to the next field, behind the last one to the people. */
  key(event) {
    const input = event.target.closest("input[data-home-key]");
    if (!input || event.isComposing || event.keyCode === 229) return;
    if (input.codeField?.key(event)) { event.preventDefault(); return; }
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (!event.shiftKey && input.codeField && !input.codeField.enter()) return;
    const all = Object.values(this.inputs);
    const next = all[all.indexOf(input) + (event.shiftKey ? -1 : 1)];
    if (next) next.focus();
    else if (!event.shiftKey) this.page.focusMember(this.page.members[0]);
  }

  get touched() {
    return Object.keys(this.typed).length > 0;
  }

  /** The home as it was saved, or as it is when a draft is given up. */
  reset(state) {
    Object.assign(this, { known: state, version: state.version, typed: {}, problems: [] });
    this.draw();
  }

  value(key) {
    return this.typed[key] ?? this.known.extra[key] ?? "";
  }

  sent() {
    return this.fields.length ? { version: this.version, fields: this.typed } : null;
  }

  set(key, text) {
    if ((this.known.extra[key] ?? "") === text) delete this.typed[key];
    else this.typed[key] = text;
    this.problems = this.problems.filter((p) => p.field !== key);
    this.inputs[key].classList.remove("gc-wrong");
    this.page.talk.touch();
    this.page.buttons();
  }

  refused(problems) {
    this.problems = problems;
    const stale = problems.find((p) => p.code === "stale");
    if (stale) this.version = stale.data.version; // told; saving again keeps what stands here
  }

  draw() {
    const { words } = this.page;
    const label = (key) => {
      const found = this.fields.find((field) => field.key === key);
      return found ? el("b", { text: `${found.label}: ` }) : null;
    };
    const grid = el("div", { class: "gc-fields" }, ...this.fields.map((field) => this.field(field)));
    const notes = this.problems.map((p) => el("p", { class: "gc-note gc-bad" }, label(p.field), p.message));
    this.box.replaceChildren(el("h2", { text: words.home }), grid, ...notes);
  }

  field({ key, label, pairs, required, help }) {
    const wrong = this.problems.some((p) => p.field === key);
    const input = el("input", {
      class: wrong ? "gc-in gc-wrong" : "gc-in", type: "text", autocomplete: "off", spellcheck: "false", "data-home-key": key,
      "aria-label": label, "aria-required": required ? "true" : null, "aria-invalid": wrong ? "true" : null, title: help || null, maxlength: 300,
    });
    this.inputs[key] = input;
    if (pairs) new CodeField(input, this.page.lists[`home:${key}`], { offer: "", change: (code) => this.set(key, code) }).set(this.value(key));
    else {
      input.value = this.value(key);
      input.addEventListener("input", () => this.set(key, input.value));
    }
    if (this.known.sealed?.includes(key)) input.placeholder = SEALED; // what stands there is not sent; empty keeps it
    return el("label", { class: "gc-field" }, el("span", { text: required ? `${label} *` : label }), input);
  }

  focus(key) {
    const input = this.inputs[key] ?? Object.values(this.inputs)[0];
    input?.focus();
    input?.scrollIntoView({ block: "nearest" });
  }
}
