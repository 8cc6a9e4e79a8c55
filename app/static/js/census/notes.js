// What stands under a row: complaints, doubts with a field for the reason, and the person found beside the form.
import { labelOf } from "./codes.js";
import { el } from "./rows.js";
import { value } from "./model.js";

/** Draw the notes of a row; ``act(row, verb, data)`` is called by its buttons. */
export function drawNotes(page, row, line, act) {
  const { member } = row;
  const parts = member.problems.map((problem) => note(page, row, problem, act));
  if (member.leave !== null) parts.unshift(leaving(page, row));
  if (member.decision === "ask") parts.push(el("p", { class: "gc-note gc-info", text: page.words.asking }));
  const box = el("div", { class: "gc-note-box", id: `note-${member.ref}` }, ...parts);
  line.firstChild.replaceChildren(box);
  line.hidden = parts.length === 0;
}

function note(page, row, problem, act) {
  const kind = problem.stops ? "gc-bad" : "gc-doubt";
  const label = page.words.labels[problem.field];
  const text = el("p", { class: `gc-note ${kind}` }, el("b", { text: label ? `${label}: ` : "" }), problem.message);
  const box = el("div", {}, text);
  // one reason answers every doubt of the row: one field for it
  if (problem === row.member.problems.find((p) => p.needs === "reason")) box.append(reasonField(page, row, "number_reason", page.words.reason, act));
  if (problem.data?.people?.length) for (const person of problem.data.people) box.append(beside(page, row, problem, person, act));
  else if (problem.code === "elsewhere" && problem.needs === "decision") box.append(elsewhere(page, row, problem, act));
  if (problem.needs === "version") box.append(versions(page, row, problem, act));
  return box;
}

function reasonField(page, row, key, label, act) {
  const input = el("input", { class: "gc-in gc-reason", type: "text", maxlength: "200", "data-reason": key, "aria-label": label, placeholder: label });
  input.value = row.member[key];
  input.addEventListener("input", () => { row.member[key] = input.value; page.changed(row, key); });
  input.addEventListener("change", () => act(row, "reason", key));
  return input;
}

function button(text, key, run, css = "btn-outline-primary") {
  const node = el("button", { type: "button", class: `btn btn-sm ${css}` }, text, key ? el("kbd", { text: key }) : null);
  if (key) node.dataset.key = key;
  node.addEventListener("click", run);
  return node;
}

/** The existing person and what was typed, side by side, before anything is saved. */
function beside(page, row, problem, person, act) {
  const { words, lists } = page;
  const typed = row.member;
  const shown = [
    ["name", person.fields.name, value(typed, "name")],
    ["sex", labelOf(lists.sex, person.fields.sex), labelOf(lists.sex, value(typed, "sex"))],
    ["birth", person.fields.birth, value(typed, "birth")],
    ["number", person.number_mask, typed.fields.number ?? ""],
    ["phone", person.phone_mask, typed.fields.phone ?? ""],
    ["address", person.address, ""],
    ["household", [person.household, person.relation].filter(Boolean).join(" · "), ""],
  ];
  const table = el("table", { class: "gc-beside" },
    el("thead", {}, el("tr", {}, el("td"), el("th", { scope: "col", text: words.inRegister }), el("th", { scope: "col", text: words.typedHere }))),
    el("tbody", {}, ...shown.map(([key, theirs, mine]) => {
      const differs = mine && theirs && key !== "number" && key !== "phone" && mine !== theirs;
      return el("tr", { class: differs ? "gc-differs" : "" }, el("th", { scope: "row", text: words.labels[key] }), el("td", { text: theirs || "—" }), el("td", { text: mine || "—" }));
    })));
  const buttons = el("div", { class: "gc-choose" }, button(words.use, "Alt+U", () => act(row, "use", person), "btn-primary"));
  if (problem.data.how === "document") {
    buttons.append(reasonField(page, row, "dup_reason", words.dupReason, act), button(words.apart, "Alt+K", () => act(row, "apart", problem)));
  } else buttons.append(button(words.other, "Alt+K", () => act(row, "apart", problem)));
  return el("div", { class: "gc-found" }, table, buttons);
}

function elsewhere(page, row, problem, act) {
  const { words } = page;
  const box = el("div", { class: "gc-choose" }, button(words.ask, "Alt+M", () => act(row, "ask", problem), "btn-primary"));
  if (problem.data?.how !== "document") box.append(button(words.other, "Alt+K", () => act(row, "apart", problem)));
  return box;
}

/** Two wrote at the same time: both values, and a choice. */
function versions(page, row, problem, act) {
  const { words, lists } = page;
  const theirs = Object.entries(problem.data.theirs ?? {}).map(([key, text]) => {
    const shown = lists[key] ? labelOf(lists[key], text) : text;
    const mine = value(row.member, key);
    return el("tr", {}, el("th", { scope: "row", text: words.labels[key] ?? key }), el("td", { text: shown || "—" }), el("td", { text: (lists[key] ? labelOf(lists[key], mine) : mine) || "—" }));
  });
  const table = el("table", { class: "gc-beside" }, el("thead", {}, el("tr", {}, el("td"), el("th", { scope: "col", text: words.theirs }), el("th", { scope: "col", text: words.mine }))), el("tbody", {}, ...theirs));
  return el("div", { class: "gc-found" }, table, el("div", { class: "gc-choose" },
    button(words.keepMine, "Alt+K", () => act(row, "mine", problem)), button(words.takeTheirs, "Alt+U", () => act(row, "theirs", problem))));
}

function leaving(page, row) {
  const line = el("p", { class: "gc-note gc-info" }, `${page.words.leaveWhy} `);
  line.append(row.input("leave"));
  return line;
}
