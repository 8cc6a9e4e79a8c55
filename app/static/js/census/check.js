// Looking a row up while it is typed, and what the clerk decides about what was found.
import { say } from "geban/app";
import * as model from "./model.js";

const WATCHED = ["number", "birth", "sex", "name", "phone"];
const asked = new Map(); // row -> what it was last asked about

export function forget() {
  asked.clear();
}

/** Ask the server about a row: what the number holds, what is odd, who it might be. */
export async function check(desk, row) {
  const { member } = row;
  const body = model.sent(member);
  const { number, doc_kind, birth, sex, name, phone } = body.fields;
  const key = JSON.stringify([number, doc_kind, birth, sex, name, phone, body.person, body.decision, body.number_reason]);
  if (row.linked || asked.get(member.ref) === key || model.isBlank(member)) return;
  asked.set(member.ref, key);
  const answer = await desk.talk.check(body);
  if (asked.get(member.ref) !== key) return; // typed on meanwhile: a newer question is on its way
  if (!answer.ok) {
    if (answer.status === 429 || answer.status === 400) say(answer.data.message, "warning");
    return;
  }
  const found = answer.data.problems.filter((p) => WATCHED.includes(p.field) && !(p.field === "name" && p.code === "invalid" && !name));
  member.problems = [...member.problems.filter((p) => !WATCHED.includes(p.field)), ...found];
  desk.rows.get(member.ref)?.showNotes();
}

function settle(member, ...codes) {
  member.problems = member.problems.filter((p) => !codes.includes(p.code));
}

const VERBS = {
  use(member, person) {
    Object.assign(member, { person: person.uid, person_version: person.version, known: person, decision: "use", fields: {}, auto: {}, problems: [] });
  },
  apart(member) {
    member.decision = "apart";
    settle(member, "match", "elsewhere");
  },
  ask(member) {
    member.decision = "ask";
    settle(member, "elsewhere");
  },
  mine(member, problem) {
    member.person_version = problem.data.person_version ?? member.person_version;
    member.membership_version = problem.data.membership_version ?? member.membership_version;
    settle(member, "stale");
  },
  theirs(member, problem) {
    VERBS.mine(member, problem);
    for (const [key, text] of Object.entries(problem.data.theirs)) {
      if (key === "relation") { member.relation = text; member.stored_relation = text; } else {
        delete member.fields[key];
        if (member.known?.fields) member.known.fields[key] = text;
      }
    }
  },
};

/** What the buttons under a row do; ``data`` is the problem, or the person to use. */
export function decide(desk, row, verb, data) {
  const { member } = row;
  desk.talk.touch();
  asked.delete(member.ref);
  if (verb === "reason") { check(desk, row); return; }
  if (verb === "apart" && data.data.how === "document" && !member.dup_reason.trim()) {
    row.notes.querySelector("[data-reason=dup_reason]").focus();
    return;
  }
  VERBS[verb](member, data);
  desk.draw();
  const fresh = desk.rows.get(member.ref);
  const next = fresh.order().find((key) => !model.value(member, key) && key !== "number");
  desk.focus(fresh, verb === "use" && !member.relation ? "relation" : next ?? "name");
}
