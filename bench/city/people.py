"""Households and the people in them, as plain tuples: six million of them are made in minutes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import accumulate
from random import Random
from typing import Any

from app import seeds
from app.core.pinyin import spell
from app.registry.rules import check_character

REGION = "430299"  # never assigned: no number can belong to anybody
FIRST_DAY = date(1930, 1, 1)
DAYS = 34_600
SIZES = (1, 2, 3, 4, 5, 6)
SIZE_WEIGHTS = (12, 22, 26, 20, 13, 7)  # 3.2 people on average
RELATIONS = ("02", "10", "20", "30", "51", "52")
EDUCATION = (("10", 3), ("20", 14), ("30", 12), ("60", 30), ("70", 25), ("80", 16))
RARE_ETHNIC = 2_000  # one of so many people belongs to a group that hardly anybody else belongs to


class Names:
    """Names with their spelling; the spelling of a character is looked up once."""

    def __init__(self, random: Random, spec: dict[str, Any]) -> None:
        self.random = random
        self.surnames = list(spec["surnames"])
        self.weights = list(accumulate(0.9**n for n in range(len(self.surnames))))
        given = sorted({c for group in spec["given"].values() for name in group for c in name})
        self.given = given
        self.given_weights = list(accumulate(1 / (n + 6) for n in range(len(given))))
        self.spelling = {c: spell(c)[0] for c in given}
        self.surname_spelling = {c: spell(c, name=True)[0] for c in self.surnames}

    def surname(self) -> str:
        return self.random.choices(self.surnames, cum_weights=self.weights)[0]

    def full(self, surname: str) -> tuple[str, str, str]:
        """(name, pinyin, initials): one given character for a sixth of the people, else two."""
        count = 1 if self.random.random() < 0.16 else 2
        given = self.random.choices(self.given, cum_weights=self.given_weights, k=count)
        parts = [self.surname_spelling[surname], *(self.spelling[c] for c in given)]
        return surname + "".join(given), "".join(parts), "".join(p[:1] for p in parts)


class Numbers:
    """ID numbers with the right check character, no two alike."""

    def __init__(self) -> None:
        self.given: dict[tuple[int, int], int] = {}
        self.tails: dict[str, str] = {}

    def of(self, day: int, born: str, sex: int) -> str:
        nth = self.given.get((day, sex), 0)
        self.given[day, sex] = nth + 1
        body = f"{REGION}{born}{(nth * 2 + sex) % 1000:03d}"
        return body + check_character(body)


class Residents:
    """Deals out the rows of one grid after the other. ``put(table, row)`` takes them; keys come from ``ids``."""

    def __init__(
        self,
        put: Callable[[str, tuple[Any, ...]], None],
        ids: dict[str, Iterator[int]],
        uid: Callable[[], str],
        seal: Callable[[str, str], Any],
        blind: Callable[[str, str], str | None],
    ) -> None:
        spec = seeds.read("demo_liling")
        self.put, self.ids, self.uid, self.seal, self.blind = put, ids, uid, seal, blind
        self.random = Random(20261122)
        self.names, self.numbers = Names(self.random, spec), Numbers()
        self.roads = spec["roads"]
        self.road_spelling = {road: spell(road)[0] for road in self.roads}
        self.minorities = spec["ethnic_minorities"]
        self.days = [(FIRST_DAY + timedelta(days=n)) for n in range(DAYS)]
        self.born = [(d.isoformat(), d.strftime("%Y%m%d")) for d in self.days]
        self.education = [c for c, _w in EDUCATION]
        self.education_weights = list(accumulate(w for _c, w in EDUCATION))
        self.made = 0

    def grid(self, area_id: int, code: str, persons: int) -> None:
        """Households of one grid until it has this many people."""
        home, left = 0, persons
        while left > 0:
            home += 1
            size = min(left, self.random.choices(SIZES, SIZE_WEIGHTS)[0])
            left -= size
            self._household(area_id, code, home, size)
        self.made += persons

    def _household(self, area_id: int, code: str, number: int, size: int) -> None:
        dwelling, household = next(self.ids["dwelling"]), next(self.ids["household"])
        road = self.roads[area_id % len(self.roads)]
        address = f"{road}{number}"
        self.put(
            "dwelling",
            (
                dwelling,
                self.uid(),
                area_id,
                road,
                str(number),
                address,
                f"{self.road_spelling[road]}{number}",
            ),
        )
        surname = self.names.surname()
        head = None
        for nth in range(size):
            bearer = surname if nth in (0, 2, 3, 4) else self.names.surname()
            person = self._person(area_id, household, dwelling, bearer, RELATIONS[nth])
            head = head or person
        self.put(
            "household",
            (household, self.uid(), area_id, "living", f"{code}{number:04d}", head, surname),
        )
        self.put(
            "household_dwelling", (next(self.ids["household_dwelling"]), self.uid(), household, dwelling)
        )

    def _person(self, area_id: int, household: int, dwelling: int, surname: str, relation: str) -> int:
        rnd, ids, uid = self.random.random, self.ids, self.uid
        key, day, sex = next(ids["person"]), int(rnd() * DAYS), int(rnd() * 2)
        name, pinyin, initials = self.names.full(surname)
        iso, plain = self.born[day]
        ethnic = "01" if rnd() < 0.97 else self.minorities[key % len(self.minorities)]
        if rnd() * RARE_ETHNIC < 1:
            ethnic = "51"
        education = self.random.choices(self.education, cum_weights=self.education_weights)[0]
        kind = "registered" if rnd() < 0.82 else "floating"
        self.put(
            "person",
            (key, uid(), area_id, name, pinyin, initials, str(1 + (sex == 0)), iso, ethnic, education, kind),
        )
        self.put("person_area", (next(ids["person_area"]), uid(), area_id, key, "managing"))
        self.put("person_area", (next(ids["person_area"]), uid(), area_id, key, "residence"))
        number = self.numbers.of(day, plain, sex)
        sealed = self.seal(number, "person_document.number")
        self.put(
            "person_document",
            (next(ids["person_document"]), uid(), key, "111", sealed, self.blind("document", number)),
        )
        if day < 29_500:  # thirteen years old or more
            phone = f"199{key % 10**8:08d}"
            sealed = self.seal(phone, "person_phone.number")
            self.put(
                "person_phone", (next(ids["person_phone"]), uid(), key, sealed, self.blind("phone", phone))
            )
        self.put("household_member", (next(ids["household_member"]), uid(), household, key, relation))
        self.put("residence", (next(ids["residence"]), uid(), key, dwelling, household, "living"))
        return key


COLUMNS: dict[str, tuple[str, ...]] = {
    "dwelling": ("id", "uid", "area_id", "road", "door_no", "address", "address_pinyin"),
    "household": ("id", "uid", "area_id", "kind", "household_no", "head_person_id", "name"),
    "household_dwelling": ("id", "uid", "household_id", "dwelling_id"),
    "person": (
        "id",
        "uid",
        "area_id",
        "name",
        "name_pinyin",
        "name_initials",
        "sex",
        "birth_date",
        "ethnic",
        "education",
        "population_kind",
    ),
    "person_area": ("id", "uid", "area_id", "person_id", "kind"),
    "person_document": ("id", "uid", "person_id", "kind", "number", "number_index"),
    "person_phone": ("id", "uid", "person_id", "number", "number_index"),
    "household_member": ("id", "uid", "household_id", "person_id", "relation"),
    "residence": ("id", "uid", "person_id", "dwelling_id", "household_id", "kind"),
}
