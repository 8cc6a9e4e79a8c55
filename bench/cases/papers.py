"""What the steps of a case write besides the state: papers, originals and their hands, signatures, deliveries, lines of the
day, call-backs (as ``app/proxy/service/{effects,materials,custody,signing,delivery,callbacks}.py``).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from app.core.clock import to_local
from app.core.sla import Unit, deadline
from app.proxy.choices import Action, PaperForm, PaperState, SignedFor, State
from app.proxy.rules import asks_for, parse_slot
from app.proxy.rules.callbacks import time_for
from app.proxy.service import signing
from bench.cases.facts import Hand
from bench.cases.originals import Originals

PAPER_COLUMNS: dict[str, tuple[str, ...]] = {
    "case_material": (
        "id", "uid", "case_id", "seq", "name", "form", "copies", "required", "applies", "condition", "is_authorization",
        "share_exempt", "state", "mark", "mark_note", "issuer", "collected_at", "note",
    ),
    "custody": (
        "id", "uid", "case_id", "material_id", "name", "copies", "reason", "holder_staff_id", "holder_unit_id",
        "taken_at", "due_back_on", "returned_at", "returned_to",
    ),
    "custody_move": (
        "id", "uid", "case_id", "custody_id", "at", "from_kind", "from_staff_id", "from_unit_id", "to_kind",
        "to_staff_id", "to_unit_id", "to_name", "signature_id",
    ),
    "case_signature": ("id", "uid", "case_id", "kind", "way", "signer", "wording", "at", "staff_id"),
    "case_delivery": (
        "id", "uid", "case_id", "at", "way", "success", "recipient", "place", "reason", "staff_id", "details",
    ),
    "case_callback": (
        "id", "uid", "case_id", "rating", "opened_at", "due_at", "provisional", "staff_id", "attempts", "called_at",
        "outcome", "answer", "closed_at", "closed_by",
    ),
    "service_record": (
        "id", "uid", "area_id", "staff_id", "done_on", "record_type", "way", "content", "result", "visit_id",
        "ref_kind", "ref_uid",
    ),
}  # fmt: skip
BACK = {Action.take_back, Action.return_previous, Action.return_to_start, Action.rework, Action.fetch}
STANDS = {Action.publish, Action.assess, Action.suspend}
MOVES = {Action.set_out, Action.rebook}
OWN = {
    Action.entrust: "_entrust",
    Action.collect: "_collect",
    Action.supply: "_collect",
    Action.submit: "_submit",
    Action.request_supplement: "_ask",
    Action.resume: "_resume",
    Action.deliver: "_hand_over",
    Action.pick_up: "_hand_over",
    Action.miss: "_not_delivered",
    Action.decline: "_not_delivered",
    Action.deposit: "_not_delivered",
    Action.rate: "_rate",
    Action.withdraw: "_end",
    Action.lapse: "_end",
}
DECIDED = {Action.approve: "approved", Action.refuse: "refused", Action.reject: "rejected"}
HANDED = {Action.deliver: "hand", Action.pick_up: "window"}


class Papers(Originals):
    """The papers of one case (``book``)."""

    def __init__(self, book: Any) -> None:
        super().__init__(book)
        self.materials: list[dict[str, Any]] = []
        self.callbacks: list[dict[str, Any]] = []

    def begin(self) -> None:
        """Copied from the version; a conditional paper is not needed here."""
        for need in self.book.service.needs:
            conditional = need.required == "conditional"
            answer = asks_for(need, {need.condition or need.name: False})
            self.materials.append(
                {
                    "seq": need.seq,
                    "name": need.name,
                    "form": need.form,
                    "copies": need.copies,
                    "required": answer.required,
                    "applies": answer.applies,
                    "condition": (need.condition or need.name) if conditional else None,
                    "is_authorization": need.is_authorization,
                    "share_exempt": need.share_exempt,
                    "state": PaperState.asked.value,
                    "mark": None,
                    "mark_note": None,
                    "issuer": need.issuer,
                    "collected_at": None,
                    "note": need.note,
                }
            )

    def effect(self, action: Action, at: datetime, given: dict[str, Any], hand: Hand) -> None:
        """What a step writes before it moves the case."""
        values = self.book.values
        if action in DECIDED:
            until = given.get("result_until")
            values["outcome"] = DECIDED[action]
            values["result_until"] = date.fromisoformat(until) if until else None
            values["result_no"] = given.get("result_no")
        elif action in STANDS:
            until = given["from_until"][1] if action is Action.publish else given["due_on"]
            values["suspended_until"] = date.fromisoformat(until)
        elif action in MOVES:
            values["booked_for"] = date.fromisoformat(given["appointment"])
            values["booked_slot"] = parse_slot(str(given.get("slot") or ""))
        elif action in BACK:
            values["outcome"] = None if action is Action.rework else values["outcome"]
            self._to_worker(at, hand)
        elif action in OWN:
            getattr(self, OWN[action])(action, at, given, hand)

    # --- papers ---------------------------------------------------------------------------------------------------

    def _entrust(self, _action: Action, at: datetime, given: dict[str, Any], hand: Hand) -> None:
        for kind in (
            SignedFor.authorization,
            *([SignedFor.consent] if given.get("consent") == "yes" else []),
        ):
            self._sign(kind, at, hand, self.book.who.name)
        for one in self.materials:
            if one["is_authorization"]:
                one["state"], one["collected_at"] = PaperState.collected.value, at

    def _collect(self, action: Action, at: datetime, given: dict[str, Any], hand: Hand) -> None:
        by_seq = {one["seq"]: one for one in self.materials}
        out = {one.material for one in self.held()}
        for entry in given["materials"]:
            one = by_seq[entry["seq"]]
            one["state"], one["collected_at"] = PaperState.collected.value, at
            one["mark"] = one["mark_note"] = None
            stays = one["form"] == PaperForm.original.value and not one["is_authorization"]
            if stays and one["seq"] not in out:
                self._keep(one, at, hand)
        self._line(at, hand, "ongoing")
        if action is Action.supply:
            self.book.values["supplement_until"] = None
            if self.book.resume is not State.collected:
                self._to_department(at)

    def _submit(self, _action: Action, at: datetime, _given: dict[str, Any], _hand: Hand) -> None:
        self.book.values["submitted_to_department"] = True
        self._to_department(at)

    def _resume(self, _action: Action, _at: datetime, _given: dict[str, Any], _hand: Hand) -> None:
        self.book.values["suspended_until"] = None

    def _ask(self, _action: Action, _at: datetime, given: dict[str, Any], _hand: Hand) -> None:
        self.book.values["supplement_until"] = date.fromisoformat(given["due_on"])
        for entry in given["missing_list"]:
            one = next(m for m in self.materials if m["seq"] == entry["seq"])
            one["mark"], one["mark_note"], one["required"], one["applies"] = "bad", entry["note"], True, True
            if one["state"] != PaperState.collected.value:
                one["state"], one["collected_at"] = PaperState.asked.value, None

    # --- signatures, deliveries, ratings --------------------------------------------------------------------------

    def _sign(self, kind: SignedFor, at: datetime, hand: Hand, signer: str) -> int:
        wording = signing.wording(kind)[0]
        key: int = self.book.row(
            "case_signature", self.book.id, kind.value, "paper", signer[:50], wording, at, hand.staff_id
        )
        return key

    def _delivery(self, at: datetime, way: str, success: bool, hand: Hand, **said: Any) -> None:
        details = said.get("details")
        self.book.row(
            "case_delivery",
            self.book.id,
            at,
            way,
            success,
            said.get("recipient"),
            said.get("place"),
            said.get("reason"),
            hand.staff_id or self.book.place.worker.staff_id,
            details or None,
        )

    def _hand_over(self, action: Action, at: datetime, given: dict[str, Any], hand: Hand) -> None:
        to = given["recipient"]
        self._delivery(at, HANDED[action], True, hand, recipient=to, details={"signed": "paper"})
        self._give_back(at, to, self._sign(SignedFor.receipt, at, hand, to))
        if given.get("rating"):
            self._rate(action, at, given, hand)
        self._line(at, hand, "done")

    def _not_delivered(self, action: Action, at: datetime, given: dict[str, Any], hand: Hand) -> None:
        if action is Action.deposit:
            told = {"notice_left": True} if given.get("notice_left") else None
            said = {"place": given["place"], "reason": given.get("reason"), "details": told}
            self._delivery(at, "window", False, hand, **said)
            return
        names = {"witnesses": [given["witness"]]} if given.get("witness") else None
        self._delivery(at, "hand", False, hand, reason=given["reason"], details=names)
        self._line(at, hand, "ongoing")

    def _rate(self, _action: Action, at: datetime, given: dict[str, Any], _hand: Hand) -> None:
        rating = self.book.values["rating"] = str(given["rating"])
        limit = time_for(rating, None)  # the usual days of the program
        if limit is None or any(one["closed_at"] is None for one in self.callbacks):
            return
        due = deadline(at, limit[0], Unit(limit[1]), self.book.place.calendar)
        self.callbacks.append(
            {
                "rating": rating,
                "opened_at": at,
                "due_at": due.at,
                "provisional": due.provisional,
                "staff_id": self.book.place.caller,
                "attempts": 0,
                "called_at": None,
                "outcome": None,
                "answer": None,
                "closed_at": None,
                "closed_by": None,
            }
        )

    def call_back(self, at: datetime, answer: str) -> None:
        """Somebody else than the worker has called, and it is settled."""
        clerk = self.book.place.clerk
        for one in self.callbacks:
            if one["closed_at"] is None:
                one |= {"attempts": 1, "called_at": at, "outcome": "settled", "answer": answer}
                one |= {"closed_at": at, "closed_by": clerk.label, "staff_id": clerk.staff_id}

    def _end(self, action: Action, at: datetime, given: dict[str, Any], hand: Hand) -> None:
        values = self.book.values
        values["outcome"] = "withdrawn" if action is Action.withdraw else "lapsed"
        values["suspended_until"] = values["supplement_until"] = None
        self._to_worker(at, hand)
        if action is Action.withdraw:
            signed = self._sign(SignedFor.withdrawal, at, hand, given["applicant"])
            if given.get("originals_returned"):
                self._give_back(at, given["applicant"], signed)

    def _line(self, at: datetime, hand: Hand, result: str) -> None:
        book = self.book
        if hand.staff_id is None:
            return
        book.row(
            "service_record",
            book.place.area_id,
            hand.staff_id,
            to_local(at).date(),
            "SR7",
            "proxy",
            book.service.name[:60],
            result,
            book.values["visit_id"],
            "case",
            book.uid,
        )

    # --- the end --------------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Rows that stand as they are now."""
        row, case, keys = self.book.row, self.book.id, {}
        for one in self.materials:
            keys[one["seq"]] = row("case_material", case, *one.values())
        self.finish_originals(keys)
        for callback in self.callbacks:
            row("case_callback", case, *callback.values())
