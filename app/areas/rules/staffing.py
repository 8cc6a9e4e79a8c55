"""Posts of a grid: who is missing (S0-08), and whether people, duties and tasks are settled (S4-21)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

WORKER_ROLES = frozenset({"grid_worker"})
PEOPLE, DUTIES, TASKS = "people", "duties", "tasks"


@dataclass(frozen=True)
class PostSpan:
    """A post as far as these rules need it; both ends belong to it, None is open."""

    role: str
    valid_from: date | None = None
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True)
class Settled:
    """The three settled things of a grid; `missing` lists their codes in this order."""

    people: bool
    duties: bool
    tasks: bool

    @property
    def missing(self) -> tuple[str, ...]:
        pairs = ((PEOPLE, self.people), (DUTIES, self.duties), (TASKS, self.tasks))
        return tuple(code for code, done in pairs if not done)

    @property
    def complete(self) -> bool:
        return not self.missing


def is_vacant(posts: Iterable[PostSpan], day: date, roles: Iterable[str] = WORKER_ROLES) -> bool:
    """Whether no post of these roles is held on the day."""
    wanted = frozenset(roles)
    return not any(post.role in wanted and post.holds_on(day) for post in posts)


def settled(posts: Iterable[PostSpan], duties: int, tasks: int, day: date) -> Settled:
    """People: a worker holds a post today. Duties: at least one is tagged to a post. Tasks: at least one is given."""
    return Settled(not is_vacant(posts, day), duties > 0, tasks > 0)
