"""Inventing people: names by generation, ID numbers with a right check digit, households as they are found."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from app.core.clock import to_local
from app.registry.rules import check_character

# code list household_relation (GB/T 4761)
HEAD, SPOUSE, SON, DAUGHTER, GRANDSON, GRANDDAUGHTER, FATHER, MOTHER, OTHER, UNRELATED = (
    "02",
    "10",
    "20",
    "30",
    "41",
    "42",
    "51",
    "52",
    "97",
    "99",
)
MALE, FEMALE = "1", "2"
OWN_PHONE_FROM = 13
RARE_NAMES = 0.1  # of the residents who may bear one, until each was given
MINORITY = 0.03
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
    ethnic: str = "01"
    marital: str = "10"
    groups: list[str] = field(default_factory=list)

    def age_on(self, day: date) -> int:
        """Completed years."""
        return day.year - self.born.year - ((day.month, day.day) < (self.born.month, self.born.day))


class Inventor:
    """Draws people from one random source, so that the same seed gives the same city."""

    def __init__(self, spec: dict[str, Any], seed: int, now: datetime) -> None:
        self.spec, self.random, self.now, self.today = spec, Random(seed), now, to_local(now).date()
        self._used: set[str] = set()
        self._phone = 0
        # names that fonts, searches and pinyin stumble over come first: residents of the first grid bear them all
        self._rare = {MALE: list(spec["rare_names"]["m"]), FEMALE: list(spec["rare_names"]["f"])}
        self._surnames = spec["surnames"]
        self._weights = [0.88**n for n in range(len(self._surnames))]
        self._at_home = False

    def household(self, *, urban: bool) -> list[Someone]:
        """One household, head first; ages fit together."""
        weights = [w[0 if urban else 1] for w in KINDS.values()]
        kind = self.random.choices(list(KINDS), weights)[0]
        self._at_home = True
        made: list[Someone] = getattr(self, f"_{kind}")()
        self._at_home = False
        return made

    def person(
        self, sex: str, low: int, high: int, relation: str = HEAD, surname: str | None = None
    ) -> Someone:
        """Somebody of ``low`` to ``high`` completed years."""
        age = self.random.randint(low, high)
        born = self.today - timedelta(days=int(age * 365.25) + self.random.randint(1, 364))
        age = Someone("", sex, born, relation, "", None).age_on(self.today)
        name = self._name(sex, age, surname)
        one = Someone(
            name=name,
            sex=sex,
            born=born,
            relation=relation,
            number=self._number(born, sex),
            phone=self._next_phone() if age >= OWN_PHONE_FROM else None,
            ethnic=self._ethnic(name),
        )
        if age >= 80:
            one.groups.append("G31")
        return one

    def sex(self) -> str:
        """One of the two codes."""
        return self.random.choice((MALE, FEMALE))

    def surname(self) -> str:
        """A surname as common as it is met: earlier ones in the list more often."""
        return self.random.choices(self._surnames, self._weights)[0]

    def _name(self, sex: str, age: int, surname: str | None) -> str:
        if self._at_home and surname is None and self._rare[sex] and self.random.random() < RARE_NAMES:
            return self._rare[sex].pop(0)
        generation = "old" if age >= 58 else "mid" if age >= 26 else "new"
        given = self.random.choice(self.spec["given"][f"{generation}_{'m' if sex == MALE else 'f'}"])
        return (surname or self.surname()) + given

    def _ethnic(self, name: str) -> str:
        """Some names tell the ethnic group; others go with one that is not Han now and then."""
        if self.spec["name_dot"] in name:
            return str(self.spec["ethnic_of_dotted"])
        if self.random.random() < MINORITY:
            return str(self.random.choice(self.spec["ethnic_minorities"]))
        return "01"

    def _number(self, born: date, sex: str) -> str:
        while True:
            order = self.random.randint(0, 499) * 2 + (1 if sex == MALE else 0)
            body = f"{self.spec['id_region']}{born:%Y%m%d}{order:03d}"
            if body not in self._used:
                self._used.add(body)
                return body + check_character(body)

    def _next_phone(self) -> str:
        self._phone += 1
        return str(int(self.spec["phone_first"]) + self._phone)

    def _family_name(self, one: Someone) -> str:
        """What children inherit; names with a dot are made anew in each generation."""
        return self.surname() if self.spec["name_dot"] in one.name else one.name[0]

    # --- households: each method is a kind of KINDS -------------------------------------------------------------

    def _pair(self, low: int, high: int) -> list[Someone]:
        """A married couple of about the same age."""
        man = self.person(MALE, low, high)
        age = man.age_on(self.today)
        woman = self.person(FEMALE, max(low - 2, age - 5), max(low - 2, age + 1), SPOUSE)
        man.marital = woman.marital = "20"
        return [man, woman]

    def _child(self, parents: list[Someone]) -> Someone:
        """At most 17, born when the younger parent was at least 21."""
        oldest = min(17, min(p.age_on(self.today) for p in parents) - 22)
        sex = self.sex()
        relation = SON if sex == MALE else DAUGHTER
        return self.person(sex, 0, max(0, oldest), relation, self._family_name(parents[0]))

    def _single_elder(self) -> list[Someone]:
        one = self.person(self.sex(), 63, 94)
        one.marital = "30"
        one.groups.append("G34")
        return [one]

    def _single(self) -> list[Someone]:
        one = self.person(self.sex(), 19, 58)
        one.marital = self.random.choices(("10", "40"), (70, 30))[0]
        return [one]

    def _elder_couple(self) -> list[Someone]:
        pair = self._pair(63, 86)
        if self.random.random() < 0.4:
            for one in pair:
                one.groups.append("G33")
        return pair

    def _couple(self) -> list[Someone]:
        return self._pair(24, 58)

    def _family_one(self) -> list[Someone]:
        parents = self._pair(27, 45)
        return [*parents, self._child(parents)]

    def _family_two(self) -> list[Someone]:
        parents = self._pair(30, 44)
        return [*parents, self._child(parents), self._child(parents)]

    def _three_generations(self) -> list[Someone]:
        family = self._family_one()
        age = family[0].age_on(self.today)
        father = self.person(MALE, age + 22, age + 30, FATHER, self._family_name(family[0]))
        mother = self.person(FEMALE, age + 20, age + 28, MOTHER)
        father.marital = mother.marital = "20"
        return [*family, father, mother]

    def _left_behind(self) -> list[Someone]:
        """Grandparents with a child whose parents work elsewhere."""
        old, wife = self._pair(60, 72)
        sex = self.sex()
        relation = GRANDSON if sex == MALE else GRANDDAUGHTER
        child = self.person(sex, 4, 12, relation, self._family_name(old))
        for elder in (old, wife):
            elder.groups.append("G35")
        child.groups.append("G41")
        return [old, wife, child]
