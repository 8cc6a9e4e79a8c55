"""What counts as a signature, pure: who must have a witness, what was signed, when a drawing is one (S3-49)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid
from app.proxy.choices import Signed

GIVEN, REFUSED = "yes", "no"
LONG_SIDE, SHORT_SIDE = 24, 6  # pixels of the ink; a tap of a finger is smaller


def way_of(given: Mapping[str, Any]) -> Signed:
    """How somebody signed: as it was said, else on paper; who cannot write puts a fingerprint on the paper."""
    said = given.get("signature") or given.get("receipt")
    way = Signed.parse(str(said), field="signature") if said else Signed.paper
    return Signed.fingerprint if way is Signed.paper and given.get("cannot_sign") else way


def need_witness(given: Mapping[str, Any]) -> None:
    """Who cannot write puts a fingerprint on the paper, and somebody witnesses it (F10, F12). Invalid without a name."""
    marks = given.get("cannot_sign") or Signed.fingerprint.value in (
        given.get("signature"),
        given.get("receipt"),
    )
    if marks and not str(given.get("witness") or "").strip():
        raise Invalid(_("Who cannot write needs a witness: enter the name."), field="witness")


def need_ink(box: tuple[int, int, int, int] | None) -> None:
    """The ink of a drawn signature fills a box (left, top, right, bottom) in pixels. Invalid for none, a dot, or a line
    of no size.
    """
    sides = sorted((box[2] - box[0], box[3] - box[1])) if box else [0, 0]
    if sides[0] < SHORT_SIDE or sides[1] < LONG_SIDE:
        raise Invalid(
            _("This is a dot or a stroke, no signature. Please let the resident sign again."),
            field="signature",
        )


def wording_of(versions: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The text that is signed today: the one with the highest version."""
    return max(versions, key=lambda one: int(one["version"]))


def consent_of(steps: Sequence[Any]) -> str:
    """Whether the resident agrees that data are used and handed on, by the last word in the history: yes, no, or empty
    where nobody has asked (cases from before).
    """
    words = [str(s.data["consent"]) for s in steps if (s.data or {}).get("consent")]
    return words[-1] if words else ""
