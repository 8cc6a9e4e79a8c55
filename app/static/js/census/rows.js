// One row of the page: fields, the notes under it, the further fields behind F2.
import { CodeField, labelOf } from "./codes.js";
import { ageOn, tidyDate } from "./idnumber.js";
import { setValue, value } from "./model.js";

export const MAIN = ["name", "relation", "number", "sex", "birth", "ethnic", "phone", "consistency"];
export const MORE = [
  "doc_kind", "population_kind", "register_division", "register_address", "political_status", "education", "marital", "employment",
  "occupation", "workplace", "dwelling_type", "inflow_reason", "came_from", "native_place", "groups", "note",
];
export const SEALED = "••••";
const MASKED = { number: "number_mask", phone: "phone_mask" };

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, content] of Object.entries(attributes)) {
    if (name === "class") node.className = content;
    else if (name === "text") node.textContent = content;
    else if (content !== null && content !== undefined && content !== false) node.setAttribute(name, content);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export class Row {
  /** ``page`` gives words, lists, offers, today and hears of changes: changed(row, key), left(row, key). */
  constructor(page, household, member, number) {
    Object.assign(this, { page, household, member, number, inputs: {} });
    this.line = el("tr", { class: "gc-row", "data-ref": member.ref });
    this.notes = el("tr", { class: "gc-notes", hidden: "" }, el("td", { colspan: "12" }));
    this.more = el("tr", { class: "gc-more", hidden: "" }, el("td", { colspan: "12" }));
    this.build();
  }

  get nodes() {
    return [this.line, this.more, this.notes];
  }

  get linked() {
    const { member } = this;
    return Boolean(member.same_as) || Boolean(member.person && !member.membership && member.decision === "link");
  }

  build() {
    const { member, page } = this;
    this.line.classList.toggle("gc-known", Boolean(member.known));
    this.line.classList.toggle("gc-leaving", member.leave !== null);
    this.line.replaceChildren(el("th", { scope: "row", text: String(this.number) }));
    for (const key of MAIN) this.line.append(this.cell(key));
    this.age = el("td", { class: "gc-age", "data-label": page.words.age });
    this.line.children[6].before(this.age);
    this.line.append(this.buttons());
    if (member.open) this.openMore();
    this.showAge();
    this.showNotes();
  }

  cell(key) {
    const cell = el("td", { class: `gc-c-${key}`, "data-label": this.page.words.labels[key] });
    if (this.linked && key !== "relation") cell.append(el("span", { class: "gc-linked", text: this.shownText(key) }));
    else cell.append(this.input(key));
    return cell;
  }

  shownText(key) {
    const source = this.page.source(this.member);
    if (MASKED[key]) return source.fields[key] ? SEALED : source.known?.[MASKED[key]] ?? "";
    const text = value(source, key);
    return this.page.lists[key] ? labelOf(this.page.lists[key], text) : text;
  }

  input(key) {
    const { page, member } = this;
    const input = el("input", {
      class: "gc-in", type: "text", autocomplete: "off", spellcheck: "false", "data-key": key,
      "aria-label": `${page.words.labels[key]} ${this.number}`,
      inputmode: { phone: "tel", birth: "numeric" }[key],
      maxlength: key === "name" ? 50 : 300,
    });
    this.inputs[key] = input;
    if (page.lists[key]) this.codeInput(input, key);
    else {
      input.value = value(member, key);
      if (MASKED[key] && member.known) input.placeholder = member.known[MASKED[key]] ?? "";
      input.addEventListener("input", () => this.typed(key, input.value));
      input.addEventListener("change", () => this.tidy(key));
      input.addEventListener("focus", () => input.select());
    }
    if (member.known?.sealed?.includes(key)) input.placeholder = SEALED; // what stands there is not sent; empty keeps it
    if (member.auto[key]) input.classList.add("gc-auto");
    return input;
  }

  codeInput(input, key) {
    const { page, member } = this;
    const offer = member.known ? "" : page.offer(this.household, member, key);
    const field = new CodeField(input, page.lists[key], { offer, change: (code) => this.typed(key, code) });
    field.set(value(member, key));
  }

  typed(key, text) {
    setValue(this.member, key, text);
    this.inputs[key].classList.remove("gc-auto");
    this.member.problems = this.member.problems.filter((p) => p.field !== key);
    this.mark();
    if (key === "birth") this.showAge();
    this.page.changed(this, key);
  }

  tidy(key) {
    const input = this.inputs[key];
    if (key === "birth") {
      input.value = tidyDate(input.value);
      setValue(this.member, key, input.value);
      this.showAge();
    }
    this.page.left(this, key);
  }

  /** Fill what the number holds into fields that nobody typed in. */
  fill(found) {
    const { member } = this;
    for (const key of ["birth", "sex"]) {
      const own = member.fields[key] || member.known?.fields?.[key];
      if (own) continue;
      if (found) member.auto[key] = found[key];
      else delete member.auto[key];
      const input = this.inputs[key];
      if (!input) continue;
      if (input.codeField) input.codeField.set(value(member, key));
      else input.value = value(member, key);
      input.classList.toggle("gc-auto", Boolean(found));
    }
    this.showAge();
  }

  showAge() {
    const source = this.page.source(this.member);
    this.age.textContent = ageOn(value(source, "birth"), this.page.today);
  }

  /** Fields that Enter walks through: what the number has filled and what cannot be typed is passed over. */
  order() {
    const { member, page } = this;
    const main = MAIN.filter((key) => this.inputs[key] && !(member.auto[key] && ["sex", "birth"].includes(key)));
    return member.open && !this.linked ? [...main, ...page.more.filter((key) => this.inputs[key])] : main;
  }

  buttons() {
    const { words } = this.page;
    const more = el("button", { type: "button", class: "gc-button", "data-do": "more", title: `${words.more} (F2)`, "aria-label": `${words.more} ${this.number}`, "aria-expanded": String(Boolean(this.member.open)), text: "…" });
    const out = el("button", { type: "button", class: "gc-button", "data-do": "out", title: `${words.takeOut} (Ctrl+Delete)`, "aria-label": `${words.takeOut} ${this.number}`, text: this.member.leave === null ? "×" : "↺" });
    if (this.linked) return el("td", { class: "gc-buttons" }, out);
    return el("td", { class: "gc-buttons" }, more, out);
  }

  openMore() {
    const { page } = this;
    const grid = el("div", { class: "gc-fields" });
    for (const key of page.more) {
      const field = key === "groups" ? this.groups() : this.input(key);
      grid.append(el("label", { class: `gc-field gc-f-${key}` }, el("span", { text: page.words.labels[key] }), field));
    }
    this.more.firstChild.replaceChildren(grid);
    this.more.hidden = false;
  }

  toggleMore() {
    this.member.open = !this.member.open;
    if (this.member.open) this.openMore();
    else {
      for (const key of this.page.more) delete this.inputs[key];
      this.more.hidden = true;
    }
    this.line.querySelector("[data-do=more]")?.setAttribute("aria-expanded", String(this.member.open));
    this.mark();
  }

  /** Groups: known ones stand as marks, each code that is chosen adds one. */
  groups() {
    const { page, member } = this;
    const marks = el("span", { class: "gc-marks" });
    const input = el("input", { class: "gc-in", type: "text", "data-key": "groups", "aria-label": `${page.words.labels.groups} ${this.number}` });
    const draw = () => {
      const chosen = member.fields.groups ?? [];
      marks.replaceChildren(...[...(member.known?.groups ?? []), ...chosen].map((code) => {
        const mark = el("span", { class: "gb-badge", text: labelOf(page.lists.groups, code) });
        if (chosen.includes(code)) {
          const drop = el("button", { type: "button", class: "gc-drop", "aria-label": `${page.words.remove} ${labelOf(page.lists.groups, code)}`, text: "×" });
          drop.addEventListener("click", () => { member.fields.groups = chosen.filter((c) => c !== code); draw(); page.changed(this, "groups"); });
          mark.append(drop);
        }
        return mark;
      }));
    };
    const field = new CodeField(input, page.lists.groups, {
      change: (code) => {
        if (page.lists.groups.some((row) => row[0] === code)) {
          member.fields.groups = [...new Set([...(member.fields.groups ?? []), code])];
          field.set("");
          draw();
          page.changed(this, "groups");
        }
      },
    });
    this.inputs.groups = input;
    draw();
    return el("span", { class: "gc-groups" }, marks, input);
  }

  /** Red and yellow edges at the fields that have something to say. */
  mark() {
    for (const [key, input] of Object.entries(this.inputs)) {
      const found = this.member.problems.filter((p) => p.field === key);
      const stops = found.some((p) => p.stops);
      input.classList.toggle("gc-wrong", stops);
      input.classList.toggle("gc-odd", found.length > 0 && !stops);
      if (stops) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
      if (found.length) input.setAttribute("aria-describedby", `note-${this.member.ref}`);
      else input.removeAttribute("aria-describedby");
    }
  }

  showNotes() {
    this.page.notes(this, this.notes);
    this.mark();
  }
}
