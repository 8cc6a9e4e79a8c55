"""Which of the 441 demands a test shows: `make demands`.

Tests name what they show by `@pytest.mark.demand("S3-26")`, on the function, its class, one parameter or the module's
`pytestmark`. The marks are read from the source, so nothing is imported or run. Fails on an id that docs/demands.yaml
does not have, on an argument that is not a plain string, and on a test with more than three ids: a test that shows
everything shows nothing.
"""

import argparse
import ast
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
MOST = 3


@dataclass(frozen=True)
class Marked:
    """A test and the ids that it names; `faults` are sentences about marks that cannot be read."""

    where: str
    ids: tuple[str, ...]
    faults: tuple[str, ...] = ()


def _is_demand(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.demand"


def _marks(nodes: Iterable[ast.AST], where: str) -> tuple[list[str], list[str]]:
    """Ids and faults of every demand mark below these nodes, parameters included."""
    ids, faults = [], []
    for call in (inner for node in nodes for inner in ast.walk(node) if _is_demand(inner)):
        for argument in call.args:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                ids.append(argument.value)
            else:
                faults.append(f"{where}: the mark names {ast.unparse(argument)}, which is not a plain string")
        if call.keywords or not call.args:
            faults.append(f"{where}: the mark takes ids and nothing else")
    return ids, faults


def _pytestmark(body: Iterable[ast.stmt]) -> list[ast.AST]:
    return [
        stmt.value
        for stmt in body
        if isinstance(stmt, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == "pytestmark" for target in stmt.targets)
    ]


def marked_tests(source: str, file: str) -> Iterator[Marked]:
    """The tests of one file that carry a demand mark, their class's and module's marks counted in."""

    def visit(body: list[ast.stmt], outer: list[ast.AST], prefix: str) -> Iterator[Marked]:
        above = outer + _pytestmark(body)
        for node in body:
            if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
                yield from visit(node.body, above + node.decorator_list, f"{prefix}{node.name}::")
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test"):
                where = f"{file}::{prefix}{node.name}"
                ids, faults = _marks(above + node.decorator_list, where)
                if ids or faults:
                    yield Marked(where, tuple(dict.fromkeys(ids)), tuple(faults))

    yield from visit(ast.parse(source, file).body, [], "")


def collect(tests: Path) -> list[Marked]:
    found = []
    for path in sorted(tests.rglob("test_*.py")):
        file = path.relative_to(tests.parent).as_posix()
        found += marked_tests(path.read_text(encoding="utf-8"), file)
    return found


def faults(demands: dict, found: list[Marked]) -> list[str]:
    """What must be mended, a sentence each."""
    out = [fault for test in found for fault in test.faults]
    for test in found:
        out += [f"{test.where}: there is no demand {name}" for name in test.ids if name not in demands]
        if len(test.ids) > MOST:
            out.append(f"{test.where}: {len(test.ids)} ids, at most {MOST} are allowed")
    return out


def report(demands: dict, found: list[Marked], missing: bool) -> Iterator[str]:
    """Lines for a person: tests by id, what is out of scope, counts by issue, the total."""
    tests = defaultdict(list)
    for test in found:
        for name in test.ids:
            tests[name].append(test.where)
    shown = [name for name in demands if name in tests]
    for name in shown:
        yield f"{name}  {demands[name]['demand']}"
        yield from (f"        {where}" for where in tests[name])
    yield "\nOut of scope:"
    yield from (f"  {name}  {row['why']}" for name, row in demands.items() if row["scope"] == "out")
    if missing:
        yield "\nNot shown by a test:"
        yield from (
            f"  {name}  {row['demand']}"
            for name, row in demands.items()
            if row["scope"] == "in" and name not in tests
        )
    yield "\nBy issue:"
    for issue in sorted({row["issue"] for row in demands.values() if row["issue"]}):
        of_issue = [name for name, row in demands.items() if row["issue"] == issue]
        yield f"  issue {issue}: {sum(name in tests for name in of_issue)} of {len(of_issue)}"
    yield f"\n{len(shown)} of {len(demands)}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Which demands a test shows.")
    parser.add_argument("--missing", action="store_true", help="list the demands without a test, too")
    parser.add_argument("--demands", type=Path, default=ROOT / "docs" / "demands.yaml")
    parser.add_argument("--tests", type=Path, default=ROOT / "tests")
    given = parser.parse_args(arguments)
    demands = yaml.safe_load(given.demands.read_text(encoding="utf-8"))
    found = collect(given.tests)
    print("\n".join(report(demands, found, given.missing)))
    wrong = faults(demands, found)
    print("\n".join(wrong), file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
