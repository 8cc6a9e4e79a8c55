// The clerk's page: everything by keyboard. Enter leads on, Ctrl+Enter saves the whole home in one step.
import { say } from "geban/app";
import { check, decide, forget } from "./census/check.js";
import { Desk } from "./census/desk.js";
import { derive } from "./census/idnumber.js";
import { listen } from "./census/keys.js";
import * as model from "./census/model.js";
import { MAIN } from "./census/rows.js";
import { Talk } from "./census/talk.js";

const read = (id) => JSON.parse(document.getElementById(id).textContent);
const root = document.getElementById("census");
const data = read("census-data");
const words = read("census-words");
const desk = new Desk(root, data, words);
let clientUid = model.newUid();

desk.talk = new Talk(root.dataset, {
  draft: () => model.toDraft(desk.households, desk.home.sent()),
  told: (what, more) => desk.tell(what === "kept" ? words.kept.replace("{time}", more.at) : words.notKept, what !== "kept"),
  signedOut: () => { desk.tell(words.signedOut, true); root.querySelector("[data-sign-in]").hidden = false; },
});
desk.act = (row, verb, found) => decide(desk, row, verb, found);
desk.changed = (row, key) => {
  const { member } = row;
  desk.talk.touch();
  if (key === "number" || key === "doc_kind") row.fill(derive(model.value(member, "doc_kind") || "111", member.fields.number));
  // a decision was about what stood there before
  if (["name", "birth", "number"].includes(key) && !member.person) member.decision = "";
  desk.buttons();
};
desk.left = (row, key) => { if (["number", "name", "birth", "sex", "phone"].includes(key)) check(desk, row); };

async function save(thenNext) {
  if (desk.saving) return;
  if (!desk.touched) {
    if (thenNext) goOn();
    else say(words.nothing);
    return;
  }
  desk.saving = true;
  desk.buttons();
  desk.tell(words.saving);
  const body = model.payload(desk.households, clientUid, root.querySelector("[data-source]")?.value || "grid", { home: desk.home.sent(), asked: desk.asked });
  const answer = await desk.talk.save(body);
  desk.saving = false;
  if (answer.ok) saved(answer, thenNext);
  else refused(answer);
  desk.buttons();
}

function saved(answer, thenNext) {
  clientUid = model.newUid();
  desk.state = answer.data.state;
  root.querySelector("[data-sign-in]").hidden = true;
  if (answer.late) {
    desk.households = model.rebase(desk.households, desk.state, answer.data.saved.refs ?? {});
    desk.talk.touch();
    desk.draw();
    say(words.savedLate);
    return;
  }
  const notes = unseen(answer.data.notes);
  desk.households = model.fromState(desk.state);
  desk.home.reset(desk.state.dwelling);
  forget();
  const { added, changed, left, asked, corrections } = answer.data.saved;
  const text = words.saved.replace("{added}", added).replace("{changed}", changed).replace("{left}", left) + (asked ? ` ${words.waiting.replace("{n}", asked)}` : "") + (corrections ? ` ${words.clerk.replace("{n}", corrections)}` : "");
  desk.tell(text);
  if (thenNext && !notes.length) { goOn(); return; }
  root.querySelector("[data-restored]")?.remove();
  desk.draw();
  showRequests();
  showParticulars();
  say(text, "success");
  for (const note of notes) say(note, "warning");
  document.querySelector("button[data-save=next]").focus();
}

/** Doubts that came with the save and did not stand under their rows before, with the names of the people. */
function unseen(notes) {
  return notes.flatMap((note) => {
    const member = desk.members.find((m) => m.ref === note.member);
    if (member?.problems.some((p) => p.code === note.code)) return [];
    return [[member && model.value(member, "name"), words.labels[note.field], note.message].filter(Boolean).join(" · ")];
  });
}

function goOn() {
  desk.talk.leaving = true;
  const { next } = desk.state.dwelling;
  window.location.assign(next ? root.dataset.home.replace("UID", next) : root.dataset.finder);
}

function refused(answer) {
  const problems = answer.data.problems ?? [];
  desk.tell(answer.data.message || words.notSaved, true);
  desk.talk.touch();
  if (!problems.length) { say(answer.data.message || words.notSaved, "danger"); return; }
  desk.home.refused(problems.filter((p) => p.household === "home"));
  for (const household of desk.households) {
    household.problems = problems.filter((p) => p.household === household.ref);
    const stale = household.problems.find((p) => p.code === "stale");
    if (stale) household.version = stale.data.version; // told; saving again keeps what stands here
    for (const member of household.members) member.problems = problems.filter((p) => p.member === member.ref);
  }
  desk.draw();
  say(words.fix.replace("{n}", problems.filter((p) => p.stops).length), "danger");
  focusProblem(problems.find((p) => p.stops && (p.member || p.household)));
}

function focusProblem(problem) {
  if (problem?.household === "home") {
    desk.home.focus(problem.field);
    return;
  }
  if (problem && !problem.member) {
    const at = desk.households.findIndex((household) => household.ref === problem.household);
    desk.blocks.children[at]?.querySelector(`[data-head="${problem.field}"]`)?.focus();
    return;
  }
  const row = desk.rows.get(problem?.member);
  if (!row) return;
  if (!row.inputs[problem.field] && !row.linked && problem.field !== "leave") row.toggleMore();
  const reason = problem.needs?.includes("reason") && row.notes.querySelector("[data-reason]");
  if (reason) reason.focus();
  else desk.focus(row, problem.field);
}

function showRequests() {
  const place = root.querySelector("[data-requests]");
  place.replaceChildren(...desk.state.requests.map((request) => {
    const line = document.createElement("li");
    line.textContent = `${request.name} ${words.askedOn.replace("{day}", request.on)}`;
    return line;
  }));
  place.closest("section").hidden = desk.state.requests.length === 0;
}

/** Groups whose own form is empty: links, and F4 goes to the first one. */
function showParticulars() {
  const place = root.querySelector("[data-particulars]");
  place.replaceChildren(...(desk.state.particulars ?? []).map((open) => {
    const line = document.createElement("li");
    const link = line.appendChild(document.createElement("a"));
    Object.assign(link, { href: open.url, className: "btn btn-sm btn-outline-primary", textContent: open.words });
    return line;
  }));
  place.closest("section").hidden = place.children.length === 0;
}

listen(desk, save);
for (const button of document.querySelectorAll("button[data-save]")) button.addEventListener("click", () => save(button.dataset.save === "next"));
root.querySelector("[data-new-household]").addEventListener("click", () => desk.addHousehold());
root.querySelector("[data-restored] button")?.addEventListener("click", async () => {
  if (!(await desk.talk.discard()).ok) return;
  desk.households = model.fromState(desk.state);
  desk.home.reset(desk.state.dwelling);
  forget();
  root.querySelector("[data-restored]").remove();
  desk.draw();
});

desk.draw();
showRequests();
showParticulars();
if (data.draft) for (const row of desk.rows.values()) check(desk, row);
// an empty row waits for typing; where everything is filled in, nothing must be overwritten by chance
const waiting = desk.members.find(model.isBlank) ?? (data.draft ? [...desk.members].reverse().find((m) => !m.membership) : null);
if (waiting) desk.focusMember(waiting, MAIN.find((key) => !model.value(waiting, key)) ?? "name");
else if (!window.matchMedia("(pointer: coarse)").matches) desk.blocks.querySelector(".gc-foot button").focus();
