// What stands on the page, apart from how it looks: households, members, what was typed, what the server knows.
export const EDITED = [
  "name", "birth", "sex", "ethnic", "marital", "political_status", "education", "employment", "occupation", "workplace",
  "population_kind", "consistency", "register_division", "register_address", "native_place", "nationality", "note",
];
export const RESIDENCE = ["dwelling_type", "inflow_reason", "came_from"];

let counter = 0;

/** Names a row within this page and in the draft. */
export function newRef(prefix) {
  counter += 1;
  return `${prefix}${Date.now().toString(36)}${counter}`;
}

/** The last of a list; Array.at is missing in Chromium 90 and 91. */
export function last(list) {
  return list[list.length - 1];
}

/** A UUID; crypto.randomUUID is missing over plain http. */
export function newUid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export function blankMember() {
  return {
    ref: newRef("n"), membership: null, membership_version: null, relation: "", person: null, person_version: null,
    same_as: null, known: null, fields: {}, auto: {}, decision: "", number_reason: "", dup_reason: "", leave: null,
    problems: [], open: false,
  };
}

export function blankHousehold(kind = "living") {
  return { ref: newRef("g"), uid: null, version: null, kind, household_no: "", note: "", changed: false, fields: {}, extra: {}, sealed: [], members: [], problems: [] };
}

/** A member as the database holds it. */
function knownMember(row) {
  return {
    ...blankMember(), ref: row.ref, membership: row.uid, membership_version: row.version, relation: row.relation,
    stored_relation: row.relation, person: row.person.uid, person_version: row.person.version,
    known: { ...row.person, fields: { ...row.person.fields, ...row.residence, ...row.extra }, sealed: row.sealed ?? [] },
  };
}

export function fromState(state) {
  return state.households.map((row) => ({
    ...blankHousehold(row.kind), ref: row.ref, uid: row.uid, version: row.version, household_no: row.household_no,
    note: row.note, extra: row.extra ?? {}, sealed: row.sealed ?? [], members: row.members.map(knownMember),
  }));
}

const KEPT = [
  "ref", "membership", "membership_version", "relation", "person", "person_version", "same_as", "fields", "auto", "decision",
  "number_reason", "dup_reason", "leave", "open",
];

/** What is kept on the server while typing. ``known`` of chosen people goes along; of members it is read anew. */
export function toDraft(households, home) {
  return {
    form: 1,
    home,
    households: households.map(({ ref, uid, version, kind, household_no, note, changed, fields, members }) => ({
      ref, uid, version, kind, household_no, note, changed, fields,
      members: members.map((m) => ({
        ...Object.fromEntries(KEPT.map((key) => [key, m[key]])),
        ...(m.membership ? {} : { known: m.known }),
      })),
    })),
  };
}

/** The draft laid over what the database holds now; who came in between stands there too. */
export function overlay(state, draft) {
  const now = fromState(state);
  const byUid = new Map(now.map((household) => [household.uid, household]));
  const members = new Map(now.flatMap((h) => h.members).map((m) => [m.membership, m]));
  const laid = draft.households.map((kept) => {
    const base = byUid.get(kept.uid);
    byUid.delete(kept.uid);
    const mine = new Set(kept.members.map((m) => m.membership));
    const rows = kept.members.map((m) => ({ ...blankMember(), ...members.get(m.membership), ...m }));
    const others = base ? base.members.filter((m) => !mine.has(m.membership)) : [];
    return { ...(base ?? blankHousehold(kept.kind)), ...kept, problems: [], members: [...rows, ...others] };
  });
  return [...laid, ...byUid.values()];
}

/** After an answer was lost and came on the second try: rows that were saved meanwhile become members. */
export function rebase(households, state, refs) {
  const known = new Map(fromState(state).flatMap((h) => h.members.map((m) => [m.membership, [m, h]])));
  for (const household of households) {
    for (const [i, member] of household.members.entries()) {
      const found = known.get(refs[member.ref] ?? member.membership);
      if (!found) continue;
      const [row, home] = found;
      const fields = Object.fromEntries(Object.entries(member.fields).filter(([key, value]) => row.known.fields[key] !== undefined && row.known.fields[key] !== value));
      household.members[i] = { ...row, ref: member.ref, fields, relation: member.relation, open: member.open };
      household.uid = home.uid;
      household.version = home.version;
    }
  }
  return households;
}

export function value(member, key) {
  if (key === "relation") return member.relation;
  if (key === "leave") return member.leave ?? "";
  return member.fields[key] ?? member.auto[key] ?? member.known?.fields?.[key] ?? "";
}

/** Note what was typed; going back to what the server knows is no change. */
export function setValue(member, key, text) {
  if (key === "relation") member.relation = text;
  else if (key === "leave") member.leave = text;
  else if (member.known && (member.known.fields?.[key] ?? "") === text) delete member.fields[key];
  else if (!member.known && text === "") delete member.fields[key];
  else member.fields[key] = text;
  if (key !== "relation" && key !== "leave") delete member.auto[key];
}

/** Nothing but offers in it: the row waiting at the end of the list. */
export function isBlank(member) {
  if (member.membership || member.person || member.same_as) return false;
  return !["name", "number", "birth", "phone"].some((key) => member.fields[key]);
}

export function isTouched(households) {
  return households.some((h) => h.changed || h.members.some((m) => {
    const typed = Object.keys(m.fields).length > 0 || m.leave !== null || (m.stored_relation !== undefined && m.relation !== m.stored_relation);
    return m.membership ? typed : !isBlank(m);
  }));
}

/** What one press of “save” sends. */
export function payload(households, clientUid, source, more) {
  return {
    client_uid: clientUid,
    source,
    ...more,
    households: households.map((h) => ({
      ref: h.ref, uid: h.uid, version: h.version, kind: h.kind, household_no: h.household_no, note: h.note, changed: h.changed,
      fields: h.fields, members: h.members.filter((m) => !isBlank(m)).map(sent),
    })).filter((h) => h.uid || h.members.length),
  };
}

export function sent(m) {
  const { ref, membership, membership_version, relation, person_version, same_as, fields, number_reason, dup_reason, leave } = m;
  const person = membership ? null : m.person;
  const decision = m.decision === "link" ? "use" : m.decision;
  return { ref, membership, membership_version, relation, person, person_version, same_as, fields, decision, number_reason, dup_reason, leave };
}
