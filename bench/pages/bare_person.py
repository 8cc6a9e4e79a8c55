"""The bare page of a person: the rows of our page by raw SQL, one statement for all that hangs on the person.

As one would write it by hand: a UNION ALL of the tables that the role may list, each with the scope of its own area.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from app.core import crypto
from app.core.masks import mask_id_number, mask_phone
from bench.pages.bare_sql import Database, Visitor

OPEN = frozenset({"L1", "L2", "L3"})
HEAD = (
    "WITH me AS (SELECT CAST(? AS bigint) AS id, CAST(? AS text) AS uid),"
    " mine AS (SELECT id FROM area WHERE path BETWEEN ? AND ?) "
)
ME, MY_UID = "(SELECT id FROM me)", "(SELECT uid FROM me)"
NUMBERS = (
    "SELECT 'person_document', uid, kind, number, valid_from, valid_to FROM person_document"
    " WHERE deleted_at IS NULL AND person_id = ? UNION ALL"
    " SELECT 'person_phone', uid, kind, number, valid_from, valid_to FROM person_phone"
    " WHERE deleted_at IS NULL AND person_id = ?"
)
MASKS = {"person_document": mask_id_number, "person_phone": mask_phone}
HOUSEHOLDS = (
    "SELECT household_id FROM household_member WHERE valid_to IS NULL AND deleted_at IS NULL"
    f" AND person_id = {ME}"
)
MEMBERS = (
    "household_member m LEFT JOIN household h ON h.id = m.household_id AND h.deleted_at IS NULL{h}"
    " LEFT JOIN person p ON p.id = m.person_id AND p.deleted_at IS NULL{of_person}"
)
STOPS = "visit_stop s JOIN visit v ON v.id = s.visit_id WHERE v.deleted_at IS NULL AND v.state <> 'cancelled'"
CASES = "SELECT uid FROM proxy_case WHERE deleted_at IS NULL AND person_uid = " + MY_UID
# key, view that lists it, title, code lists of the three words, columns (uid, begin, end, words), rest; {x} is the
# scope of the rows of x
PARTS: tuple[tuple[str, str, str, tuple[str, str, str], str, str], ...] = (
    ("household", "HouseholdMemberView", "Household", ("", "household_relation", ""),
     "p.uid, m.valid_from, m.valid_to, p.name, m.relation, h.name",
     MEMBERS + f" WHERE m.deleted_at IS NULL AND m.valid_to IS NULL AND m.household_id IN ({HOUSEHOLDS})"),
    ("household", "HouseholdMemberView", "Household", ("", "household_relation", ""),
     "p.uid, m.valid_from, m.valid_to, p.name, m.relation, h.name",
     MEMBERS + f" WHERE m.deleted_at IS NULL AND m.valid_to IS NOT NULL AND m.person_id = {ME}"),
    ("homes", "ResidenceView", "Homes over time", ("", "", "dwelling_type"),
     "d.uid, r.valid_from, r.valid_to, r.kind, coalesce(d.address, r.outside_address), r.dwelling_type",
     ("residence r LEFT JOIN dwelling d ON d.id = r.dwelling_id AND d.deleted_at IS NULL{d}"
     f" WHERE r.deleted_at IS NULL AND r.person_id = {ME}")),
    ("groups", "PersonGroupView", "Special groups", ("special_group", "", ""),
     "g.uid, g.valid_from, g.valid_to, g.group_code, g.level, g.next_visit_on",
     f"person_group g WHERE g.deleted_at IS NULL AND g.level <> 'L5' AND g.person_id = {ME}"),
    ("care", "PersonGroupView", "Care visits", ("special_group", "", "visit_outcome"),
     "g.uid, v.visited_on, NULL, g.group_code, g.level, v.way",
     ("group_visit v JOIN person_group g ON g.id = v.group_id"
     f" WHERE g.deleted_at IS NULL AND g.level <> 'L5' AND g.person_id = {ME}")),
    ("cases", "ProxyCaseView", "Proxy cases", ("", "", ""),
     "c.uid, c.opened_at, NULL, i.name, c.number, c.state",
     ("proxy_case c JOIN service_item_version i ON i.id = c.item_version_id"
     f" WHERE c.deleted_at IS NULL AND c.person_uid = {MY_UID}{{c}}")),
    ("papers", "IssuedDocumentView", "Issued papers", ("", "", ""),
     "i.uid, i.issued_at, NULL, i.title, i.number, i.state",
     (f"issued_document i WHERE (i.owner_uid = {MY_UID}"
     f" OR i.owner_kind = 'proxy_case' AND i.owner_uid IN ({CASES})){{i}}")),
    ("doors", "VisitView", "Visits", ("", "", "visit_outcome"),
     "v.uid, coalesce(CAST(s.at AS text), CAST(v.planned_on AS text)), NULL, v.title, s.note, s.outcome",
     STOPS + f" AND s.person_id = {ME}{{v}}"),
    ("doors", "VisitView", "Visits", ("", "", "visit_outcome"),
     "v.uid, coalesce(CAST(s.at AS text), CAST(v.planned_on AS text)), NULL, v.title, s.note, s.outcome",
     STOPS + f" AND s.person_id IS NULL AND s.household_id IN ({HOUSEHOLDS}){{v}}"),
    ("floating", "FloatingStayView", "Floating resident", ("inflow_reason", "", ""),
     "f.uid, f.valid_from, f.valid_to, f.inflow_reason, f.permit_ends_on, NULL",
     f"floating_stay f WHERE f.deleted_at IS NULL AND f.person_id = {ME}"),
    ("left_behind", "LeftBehindView", "Left behind", ("", "", ""),
     "f.uid, f.valid_from, f.valid_to, f.kind, NULL, NULL",
     f"left_behind f WHERE f.deleted_at IS NULL AND f.person_id = {ME}"),
    ("overseas", "OverseasStayView", "Overseas resident", ("overseas_purpose", "", ""),
     "f.uid, f.valid_from, f.valid_to, f.purpose, NULL, NULL",
     f"overseas_stay f WHERE f.deleted_at IS NULL AND f.person_id = {ME}"),
    ("proposals", "ProposalView", "Proposals", ("", "", ""),
     "p.uid, p.due_on, NULL, p.rule, p.topic, p.state", f"proposal p WHERE p.person_id = {ME}"),
    ("events", "LifeEventView", "Life events", ("", "", ""),
     "e.uid, e.happened_on, e.revoked_at, e.kind, x.role, NULL",
     f"life_event_person x JOIN life_event e ON e.id = x.event_id WHERE x.person_id = {ME}{{e}}"),
    ("names", "PersonNameView", "Names", ("", "", ""),
     "n.uid, n.valid_from, n.valid_to, n.kind, n.name, NULL",
     f"person_name n WHERE n.deleted_at IS NULL AND n.person_id = {ME}"),
    ("tenancies", "TenancyView", "Rents", ("", "", ""),
     "t.uid, t.valid_from, t.valid_to, d.address, t.head_count, NULL",
     ("tenancy t JOIN rental_home r ON r.id = t.rental_home_id AND r.deleted_at IS NULL{r}"
     " LEFT JOIN dwelling d ON d.id = r.dwelling_id AND d.deleted_at IS NULL{d}"
     f" WHERE t.deleted_at IS NULL AND t.person_id = {ME}")),
    ("consents", "ConsentTaskView", "Consents", ("", "", ""),
     "t.uid, t.due_on, t.done_on, t.kind, NULL, NULL", f"consent_task t WHERE t.person_id = {ME}"),
    ("merges", "PersonMergeView", "Records merged into this one", ("", "", ""),
     ("g.uid, g.created_at, g.undone_at, g.gone_name, g.reason, (SELECT min(by_label) FROM duplicate_step s"
     " WHERE s.pair_id = g.pair_id AND s.action = 'merge')"),
     f"person_merge g WHERE g.kept_id = {ME}"),
    ("sources", "", "Sources", ("", "data_source", ""),
     "s.uid, s.confirmed_at, NULL, s.field_group, s.source, NULL", f"person_source s WHERE s.person_id = {ME}"),
)  # fmt: skip
TITLES = {key: (title, lists) for key, _view, title, lists, _columns, _rest in PARTS}


@lru_cache(maxsize=64)
def _statement(keys: tuple[str, ...], whole: bool) -> str:
    scopes = {x: "" if whole else f" AND {x}.area_id IN (SELECT id FROM mine)" for x in "hdcivre"}
    tied = "SELECT 1 FROM person_area x WHERE x.person_id = p.id AND x.valid_to IS NULL"
    scopes["of_person"] = "" if whole else f" AND EXISTS ({tied} AND x.area_id IN (SELECT id FROM mine))"
    selects = []
    for key, _view, _title, _lists, columns, rest in PARTS:
        if key in keys:
            words = ", ".join(f"CAST({c} AS text)" for c in _split(columns))
            selects.append(f"SELECT '{key}', {words} FROM {rest.format(**scopes)}")
    return HEAD + " UNION ALL ".join(selects)


def _split(columns: str) -> list[str]:
    """At the commas outside brackets."""
    found, depth = [""], 0
    for c in columns:
        depth += (c == "(") - (c == ")")
        if c == "," and not depth:
            found.append("")
        else:
            found[-1] += c
    return [f.strip() for f in found]


def read(db: Database, who: Visitor, row: dict[str, Any]) -> dict[str, Any]:
    """Numbers behind their masks, the tables by title, and all that has a day as one line of time."""
    ring = crypto.ring()
    numbers = [
        (uid, kind, MASKS[table](ring.decrypt(bytes(sealed), f"{table}.number").decode()), first, last)
        for table, uid, kind, sealed, first, last in db.rows(NUMBERS, row["id"], row["id"])
    ]
    keys = tuple(p[0] for p in PARTS if not p[1] or ("can_list", p[1]) in who.rights)
    tables: dict[str, list[Any]] = {key: [] for key in keys}
    for key, uid, first, last, *words in db.rows(
        _statement(keys, who.whole), row["id"], row["uid"], who.path, who.path + "~"
    ):
        if words[1] in ("L4", "L5"):
            words[0] = "\u2022\u2022\u2022\u2022"
        tables[key].append((uid, first, last, words))
    dated = [(line[1], key, line) for key, lines in tables.items() for line in lines if line[1]]
    dated.sort(key=lambda d: d[0], reverse=True)
    shown = [(*TITLES[key], lines) for key, lines in tables.items() if lines]
    return {"numbers": numbers, "tables": shown, "moments": [(*d, TITLES[d[1]][1]) for d in dated[:40]]}
