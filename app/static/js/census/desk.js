// The page as a whole: the households on it, their rows, and how they are drawn.
import { CodeField } from "./codes.js";
import { Home } from "./home.js";
import * as model from "./model.js";
import { drawNotes } from "./notes.js";
import { el, MAIN, MORE, Row, SEALED } from "./rows.js";

export class Desk {
  /** ``root`` is the page's element; ``data`` and ``words`` come with the page. */
  constructor(root, data, words) {
    Object.assign(this, { root, words, lists: data.lists, offers: data.offers, today: data.today, state: data.state });
    // fields that an administrator has added
    this.more = [...MORE, ...data.extras.map((field) => field.key)];
    const choices = (pairs) => pairs.map(([code, text, current]) => [code, text, "", "", !current]);
    for (const { key, label, pairs, required } of data.extras) {
      words.labels[key] = required ? `${label} *` : label;
      if (pairs) data.lists[key] = choices(pairs);
    }
    for (const { key, pairs } of data.home) if (pairs) data.lists[`home:${key}`] = choices(pairs);
    this.own = data.household ?? [];
    for (const { key, pairs } of this.own) if (pairs) data.lists[`household:${key}`] = choices(pairs);
    this.asked = [...data.extras, ...data.home].map((field) => field.key);
    this.blocks = root.querySelector("[data-blocks]");
    this.status = root.querySelector("[data-status]");
    this.households = data.draft ? model.overlay(data.state, data.draft.payload) : model.fromState(data.state);
    this.home = new Home(this, data.home, data.state.dwelling, data.draft?.payload.home);
    this.blocks.before(this.home.box);
    this.rows = new Map();
    this.saving = false;
  }

  /** Whether anything waits for saving. */
  get touched() {
    return this.home.touched || model.isTouched(this.households);
  }

  get members() {
    return this.households.flatMap((household) => household.members);
  }

  /** What stands in grey in an empty field, for Enter to take. */
  offer(household, member, key) {
    if (key === "relation") return household.members[0] === member ? this.offers.relation_first : "";
    return this.offers[key] ?? "";
  }

  /** The row that a linked row repeats, or the row itself. */
  source(member) {
    return (member.same_as && this.members.find((m) => m.ref === member.same_as)) || member;
  }

  notes(row, line) {
    drawNotes(this, row, line, this.act);
  }

  tell(text, bad = false) {
    this.status.textContent = text;
    this.status.classList.toggle("gc-bad", bad);
  }

  // --- drawing --------------------------------------------------------------------------------------------------

  draw() {
    if (!this.households.length) this.households.push(model.blankHousehold());
    for (const household of this.households) if (!household.members.length) household.members.push(model.blankMember());
    this.rows = new Map();
    this.home.draw();
    this.blocks.replaceChildren(...this.households.map((household) => this.block(household)));
    this.buttons();
  }

  block(household) {
    const { words } = this;
    const body = el("tbody");
    household.members.forEach((member, i) => {
      const row = new Row(this, household, member, i + 1);
      this.rows.set(member.ref, row);
      body.append(...row.nodes);
    });
    const head = MAIN.map((key) => el("th", { scope: "col", class: `gc-c-${key}`, text: words.labels[key] }));
    head.splice(MAIN.indexOf("birth") + 1, 0, el("th", { scope: "col", class: "gc-c-age", text: words.age }));
    const line = el("tr", {}, el("th", { scope: "col", class: "gc-c-no", text: "#" }), ...head, el("td"));
    const table = el("table", { class: "gc-table" }, el("thead", {}, line), body);
    const box = el("section", { class: "gb-card gc-block", "aria-label": words.kinds[household.kind] }, this.header(household), table, this.footer(household));
    box.prepend(...household.problems.map((p) => el("p", { class: "gc-note gc-bad" }, el("b", { text: this.labelOf(p.field) }), p.message)));
    return box;
  }

  /** The field of a household that a complaint is about, as it begins a sentence. */
  labelOf(key) {
    const label = this.own.find((field) => field.key === key)?.label ?? this.words.labels[key];
    return label ? `${label}: ` : "";
  }

  header(household) {
    const { words } = this;
    const kind = household.uid
      ? el("strong", { text: words.kinds[household.kind] })
      : el("select", { class: "form-select form-select-sm", "aria-label": words.kind },
        ...Object.entries(words.kinds).map(([code, label]) => el("option", { value: code, text: label, selected: code === household.kind ? "" : null })));
    kind.addEventListener("change", () => { household.kind = kind.value; this.talk.touch(); this.draw(); });
    const line = el("div", { class: "gc-head" }, kind);
    for (const key of ["household_no", "note"]) {
      const input = el("input", { class: "gc-in", type: "text", "data-head": key, "aria-label": words.labels[key], placeholder: words.labels[key], autocomplete: "off" });
      input.value = household[key];
      input.addEventListener("input", () => { household[key] = input.value; household.changed = true; this.talk.touch(); this.buttons(); });
      line.append(input);
    }
    line.append(el("span", { class: "gc-count" }));
    if (!this.own.length) return line;
    return el("div", {}, line, el("div", { class: "gc-fields gc-own" }, ...this.own.map((field) => this.ownField(household, field))));
  }

  /** A custom field of a household. */
  ownField(household, { key, label, pairs, required, help }) {
    const wrong = household.problems.some((p) => p.field === key);
    const input = el("input", {
      class: wrong ? "gc-in gc-wrong" : "gc-in", type: "text", autocomplete: "off", spellcheck: "false", "data-own-key": key, "aria-label": label,
      "aria-required": required ? "true" : null, "aria-invalid": wrong ? "true" : null, title: help || null, maxlength: 300,
    });
    const known = household.extra[key] ?? "";
    const set = (text) => {
      if (text === known) delete household.fields[key];
      else household.fields[key] = text;
      household.changed = true;
      input.classList.remove("gc-wrong");
      this.talk.touch();
      this.buttons();
    };
    const value = household.fields[key] ?? known;
    if (pairs) {
      new CodeField(input, this.lists[`household:${key}`], { offer: "", change: set }).set(value);
      input.addEventListener("keydown", (event) => { if (input.codeField.key(event)) event.preventDefault(); });
    } else {
      input.value = value;
      input.addEventListener("input", () => set(input.value));
    }
    if (household.sealed.includes(key)) input.placeholder = SEALED; // what stands there is not sent; empty keeps it
    return el("label", { class: "gc-field" }, el("span", { text: required ? `${label} *` : label }), input);
  }

  footer(household) {
    const { words } = this;
    const make = (text, key, run) => {
      const button = el("button", { type: "button", class: "btn btn-sm btn-outline-secondary" }, text, key ? el("kbd", { text: key }) : null);
      button.addEventListener("click", run);
      return button;
    };
    const line = el("div", { class: "gc-foot" }, make(words.addMember, "", () => this.addMember(household)));
    if (household.removed) line.append(make(words.undo, "", () => { household.members.push(household.removed); household.removed = null; this.talk.touch(); this.draw(); }));
    if (household.kind !== "registered" && !this.households.some((h) => h.kind === "registered")) {
      line.append(make(words.copyRegistered, "F9", () => this.copyRegistered(household)));
    }
    return line;
  }

  /** Buttons and head-counts follow what is on the page. */
  buttons() {
    const { touched } = this;
    for (const button of document.querySelectorAll("button[data-save]")) button.disabled = this.saving || (!touched && button.dataset.save === "stay");
    this.households.forEach((household, i) => {
      const count = household.members.filter((m) => !model.isBlank(m) && m.leave === null).length;
      const place = this.blocks.children[i]?.querySelector(".gc-count");
      if (place) place.textContent = this.words.people.replace("{n}", count);
    });
  }

  // --- rows -----------------------------------------------------------------------------------------------------

  focus(row, key) {
    const input = row?.inputs[key] ?? row?.inputs.relation;
    input?.focus();
    input?.closest("tr")?.scrollIntoView({ block: "nearest" });
  }

  focusMember(member, key = "name") {
    this.focus(this.rows.get(member?.ref), key);
  }

  addMember(household) {
    const last = model.last(household.members);
    if (!last || !model.isBlank(last)) household.members.push(model.blankMember());
    this.draw();
    this.focusMember(model.last(household.members));
    this.talk.keep();
  }

  addHousehold() {
    this.households.push(model.blankHousehold());
    this.draw();
    this.focusMember(model.last(this.households).members[0]);
  }

  takeOut(row) {
    const { household, member } = row;
    this.talk.touch();
    if (member.membership) {
      member.leave = member.leave === null ? "" : null;
      row.build();
      row.inputs.leave?.focus();
      this.buttons();
      return;
    }
    const at = household.members.indexOf(member);
    household.members.splice(at, 1);
    if (!model.isBlank(member)) household.removed = member;
    this.draw();
    this.focusMember(household.members[at] ?? model.last(household.members));
  }

  /** The same people once more, as the household of the register; who is not registered here is then taken out. */
  copyRegistered(household) {
    const people = household.members.filter((m) => !model.isBlank(m) && m.leave === null && m.decision !== "ask");
    if (!people.length || household.kind === "registered") return;
    const copy = model.blankHousehold("registered");
    copy.members = people.map((m) => (m.person
      ? { ...model.blankMember(), person: m.person, person_version: m.person_version, known: m.known, relation: m.relation, decision: "link" }
      : { ...model.blankMember(), same_as: m.ref, relation: m.relation }));
    this.households.push(copy);
    this.talk.touch();
    this.draw();
    this.focusMember(copy.members[0], "relation");
  }
}
