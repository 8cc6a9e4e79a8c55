"""Inventing people: names by generation, ID numbers with a right check digit, households as they are found."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from app.core.clock import to_local
from app.registry.rules import check_character

HEAD, SPOUSE, SON, DAUGHTER, GRANDSON, GRANDDAUGHTER, FATHER, MOTHER, OTHER = (
    "02",
    "10",
    "20",
    "30",
    "41",
    "42",
    "51",
    "52",
    "97",
)
MALE, FEMALE = "1", "2"
# how often a kind of household is met, by ground: (urban, rural); the mean is about 2.2 people
KINDS: dict[str, tuple[int, int]] = {
    "single_elder": (14, 20),
    "single": (20, 10),
    "elder_couple": (14, 24),
    "couple": (18, 14),
    "family_one": (20, 12),
    "family_two": (8, 8),
    "three_generations": (4, 8),
    "left_behind": (2, 4),
}


@dataclass
class Someone:
    """An invented person, not yet a row."""

    name: str
    sex: str
    born: date
    relation: str
    number: str
    phone: str | None
    groups: list[str] = field(default_factory=list)


class Inventor:
    """Draws people from one random source, so that the same seed gives the same city."""

    def __init__(self, spec: dict[str, Any], seed: int, now: datetime) -> None:
        self.spec, self.random, self.now, self.today = spec, Random(seed), now, to_local(now).date()
        self._used: set[str] = set()
        self._phone = 0
        self._rare = list(spec["rare_names"])

    def household(self, *, urban: bool) -> list[Someone]:
        """One household, head first."""
        weights = [w[0 if urban else 1] for w in KINDS.values()]
        kind = self.random.choices(list(KINDS), weights)[0]
        return getattr(self, f"_{kind}")()

    def person(
        self,
        sex: str,
        low: int,
        high: int,
        relation: str = HEAD,
        surname: str | None = None,
        phone: bool = True,
    ) -> Someone:
        """Somebody of ``low`` to ``high`` years."""
        born = self.today - timedelta(
            days=self.random.randint(low * 365 + low // 4, high * 365 + high // 4 + 360)
        )
        name = self._name(sex, (self.today.year - born.year), surname)
        return Someone(
            name, sex, born, relation, self._number(born, sex), self._next_phone() if phone else None
        )

    def _name(self, sex: str, age: int, surname: str | None) -> str:
        if surname is None and self._rare and self.random.random() < 0.01:
            return self._rare.pop()
        generation = "old" if age >= 58 else "mid" if age >= 26 else "new"
        given = self.random.choice(self.spec["given"][f"{generation}_{'m' if sex == MALE else 'f'}"])
        return (surname or self.surname()) + given

    def surname(self) -> str:
        """A surname as common as it is met: earlier ones in the list more often."""
        names = self.spec["surnames"]
        return names[min(int(self.random.expovariate(0.12)), len(names) - 1)]

    def _number(self, born: date, sex: str) -> str:
        while True:
            order = self.random.randint(0, 499) * 2 + (1 if sex == MALE else 0)
            body = f"{self.spec['id_region']}{born:%Y%m%d}{order:03d}"
            if body not in self._used:
                self._used.add(body)
                return body + check_character(body)

    def _next_phone(self) -> str:
        self._phone += 1
        return f"{self.spec['phone_prefix']}{self._phone:05d}"

    def _sex(self) -> str:
        return self.random.choice((MALE, FEMALE))

    def _child(self, surname: str, low: int, high: int) -> Someone:
        sex = self._sex()
        return self.person(sex, low, high, SON if sex == MALE else DAUGHTER, surname, phone=high >= 14)

    def _pair(self, low: int, high: int) -> tuple[Someone, Someone]:
        return self.person(MALE, low, high), self.person(FEMALE, low, high, SPOUSE)

    def _single_elder(self) -> list[Someone]:
        one = self.person(self._sex(), 63, 94)
        one.groups.append("G34")
        return [one]

    def _single(self) -> list[Someone]:
        return [self.person(self._sex(), 19, 58)]

    def _elder_couple(self) -> list[Someone]:
        pair = list(self._pair(61, 86))
        if self.random.random() < 0.4:
            for one in pair:
                one.groups.append("G33")
        return pair

    def _couple(self) -> list[Someone]:
        return list(self._pair(24, 58))

    def _family_one(self) -> list[Someone]:
        father, mother = self._pair(27, 45)
        return [father, mother, self._child(father.name[0], 0, 17)]

    def _family_two(self) -> list[Someone]:
        father, mother = self._pair(30, 44)
        return [father, mother, *(self._child(father.name[0], 0, 17) for _ in range(2))]

    def _three_generations(self) -> list[Someone]:
        family = self._family_one()
        surname = family[0].name[0]
        return [
            *family,
            self.person(MALE, 58, 74, FATHER, surname),
            self.person(FEMALE, 56, 72, MOTHER),
        ]

    def _left_behind(self) -> list[Someone]:
        old, wife = self._pair(58, 72)
        sex = self._sex()
        child = self.person(sex, 4, 14, GRANDSON if sex == MALE else GRANDDAUGHTER, old.name[0], phone=False)
        child.groups.append("G41")
        return [old, wife, child]
