"""Which of the nine small places a venue is, by thresholds that are data: they are provincial, not national."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _

from app.registry.choices import Measure


@dataclass(frozen=True)
class Threshold:
    """A venue of the kind ``venue_key`` is of the class ``nine_small`` while ``measure`` is at most ``most``."""

    nine_small: str
    venue_key: str
    measure: str
    most: float


@dataclass(frozen=True)
class Suggestion:
    """The class that fits, None where the venue is too large or too little is known; why, in words; what is not known."""

    nine_small: str | None
    why: tuple[Any, ...] = ()
    unknown: tuple[str, ...] = ()


def suggest_class(
    venue_key: str | None, sizes: Mapping[str, float | None], thresholds: Iterable[Threshold]
) -> Suggestion:
    """Class by the thresholds of the venue's kind: each known measure must be within its threshold, and one must be
    known. ``sizes`` by measure: area_m2 in square metres, seats, beds, staff_count.
    """
    mine = [t for t in thresholds if t.venue_key == venue_key]
    known = [t for t in mine if sizes.get(t.measure) is not None]
    if not known:
        return Suggestion(None, (), tuple(dict.fromkeys(t.measure for t in mine)))
    for code in dict.fromkeys(t.nine_small for t in known):
        limits = [t for t in known if t.nine_small == code]
        if all(sizes[t.measure] <= t.most for t in limits):  # type: ignore[operator]
            return Suggestion(code, tuple(_within(t, sizes) for t in limits))
    return Suggestion(None, _exceeded(known, sizes))


def _exceeded(known: Sequence[Threshold], sizes: Mapping[str, float | None]) -> tuple[Any, ...]:
    return tuple(
        _(
            "%(what)s %(size)s: more than %(most)s",
            what=Measure.label_of(t.measure),
            size=f"{sizes[t.measure]:g}",
            most=f"{t.most:g}",
        )
        for t in known
        if sizes[t.measure] > t.most  # type: ignore[operator]
    )


def _within(t: Threshold, sizes: Mapping[str, float | None]) -> Any:
    return _(
        "%(what)s %(size)s: at most %(most)s",
        what=Measure.label_of(t.measure),
        size=f"{sizes[t.measure]:g}",
        most=f"{t.most:g}",
    )
