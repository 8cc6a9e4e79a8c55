"""Rules of the house that can be read off the source: who goes round the guard, where Chinese stands, sizes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APP = sorted((ROOT / "app").rglob("*.py"))
CHINESE = re.compile(r"[\u3400-\u9fff]")

# who may leave the row scope, and how often (guards, section 1): a new caller is a decision, not a habit
UNSCOPED_CALLERS = {
    "app/areas/actors.py": "posts decide the scope, so they are read before there is one",
    "app/areas/accounts/lockout.py": "tries are counted before anybody is known",
    "app/areas/accounts/login.py": "sign-in: nobody is known yet",
    "app/areas/accounts/sessions.py": "time stamps of the session, in a short transaction of their own",
    "app/areas/accounts/standing.py": "rank rule: a post in another town must not be overlooked",
    "app/areas/accounts/commands.py": "reset of a password on the machine itself",
    "app/areas/service/extra.py": "whether any record of the site holds a value of a custom field, yes or no",
    "app/home/search_fields.py": "how many records bear a word, up to a few thousand: it decides the way of a search only",
    "app/areas/service/live.py": "numbers of a plan or an area: counts only, also for those who see no residents",
    "app/areas/service/plans/apply.py": "a plan of the day moves every live row of its areas",
    "app/areas/security/visitor.py": "sign-in: the session token is looked up before there is an actor",
    "app/startup.py": "start-up: the Public role must be empty",
    "app/site/first_start.py": "first start: there is nobody yet",
    "app/cli.py": "verify-audit reads the logs of the whole site",
    "app/site/routes.py": "the account of the demo worker",
    "app/demo/make.py": "the loader: there is nobody in the city yet",
    "app/registry/service/corrections.py": "which clerks hold the person: only a line reaches them",
    "app/registry/service/documents.py": "numbering of documents that two people bear",
    "app/registry/service/homes.py": "two grids share a building: which rooms are there already",
    "app/registry/service/households.py": "whether a person belongs to a household elsewhere, yes or no",
    "app/registry/service/move_in.py": "a move-in changes the area that gives and the area that takes",
    "app/registry/service/life/notices.py": "a death concerns a household elsewhere: only a line reaches its holders",
    "app/registry/service/life/obstacles.py": "what stands in the way of a revocation: only the name of an area is told",
    "app/registry/service/matching.py": "matches over the whole site; the caller's guard decides who is named",
    "app/registry/service/merging/join.py": "a merge moves every row of two records; who may do it is asked before",
    "app/registry/service/duplicates/placing.py": "the area above a pair is found from ties that the mover may not see",
    "app/registry/service/merging/kept.py": "a merged record leads to the one that stays; the guard decides who is shown",
    "app/registry/service/residences.py": "whether a person has a home elsewhere, yes or no",
    "app/proxy/service/openers.py": "who can open a case sits above the worker: names and posts of staff, no resident",
    "app/proxy/service/custody.py": "the name of the worker to whom an office hands an original back",
    "app/proxy/service/relations.py": "whether a cadre is related to an applicant: only the name is kept with the case",
    "app/proxy/service/deciders.py": "whether a department has anybody with an account, yes or no",
    "app/proxy/service/photos.py": "whether another case reuses a paper, yes or no",
    "app/exchange/service/standing.py": "what hangs on a record that an import made: only yes or no is told",
    "app/exchange/service/mappings.py": "names of mappings that are taken in an area: only whether one is free",
    "app/inbox/service.py": "who sits in an office is not in the sender's scope, only the line reaches them",
    "app/documents/views.py": "public check of a paper by its random token: number, kind, date, state",
    "app/exchange/jobs/exports.py": "the file of somebody who acts for a department lies in no area of the own",
    "app/core/jobs/worker.py": "system jobs (counters, tidying) have no acting user",
}

# modules that may speak Core or raw SQL past the ORM guard, and why
CORE_SQL = {
    "app/core/scope.py": "the guard itself",
    "app/core/session.py": "begin modes",
    "app/core/counters/kept.py": "counters carry no personal data; scope is a path range in the statement",
    "app/core/counters/truth.py": "counts of whole tables by area; no personal data",
    "app/core/bulk.py": "the one way for bulk writes: checks scope, encrypts, logs and counts itself",
    "app/core/fresh_keys.py": "keys of the rows of bulk, from the sequences",
    "app/core/copying.py": "writes the rows of bulk and of the logs",
    "app/audit/triggers.py": "DDL of the append-only triggers",
    "app/audit/grants.py": "rights of the site's role: catalogue queries and GRANT",
    "app/audit/rows.py": "stored bytes of the logs",
    "app/audit/seal.py": "locks of the sealer",
    "app/audit/verify.py": "the last key of a log on SQLite",
    "app/core/numbering.py": "serial counters",
    "app/core/models.py": "index conditions",
    "app/registry/models/people.py": "criteria of the guard",
    "app/registry/service/merging/follow.py": "which columns point at a person: metadata only, no statement",
    "app/exchange/models.py": "criteria of the guard",
    "app/registry/models/homes.py": "criteria of the guard",
    "app/registry/models/households.py": "criteria of the guard",
    "app/registry/models/campaigns.py": "criteria of the guard",
    "app/registry/models/care.py": "criteria of the guard",
    "app/registry/models/closed.py": "criteria of the guard",
    "app/registry/models/corrections.py": "criteria of the guard",
    "app/registry/models/duplicates.py": "criteria of the guard",
    "app/registry/models/events.py": "criteria of the guard",
    "app/registry/models/letting.py": "criteria of the guard",
    "app/registry/models/safety.py": "criteria of the guard",
    "app/registry/models/units.py": "criteria of the guard",
    "app/registry/walls.py": "policies of PostgreSQL and the settings they read",
    "app/worklog/models.py": "criteria of the guard",
    "app/proxy/models/cases.py": "criteria of the guard",
    "app/documents/models.py": "criteria of the guard",
    "app/areas/models/tree.py": "criteria of the guard",
    "app/areas/actors.py": "FAB's association table of permissions",
    "app/areas/accounts/sessions.py": "how long a time stamp waits for a lock",
    "app/core/search.py": "character indexes: DDL after the migrations, FTS sub-select",
    "app/core/interface.py": "list ids by area (recipes: LATERAL), counts",
    "app/core/policy.py": "reads table names of the policy",
    "app/site/lock.py": "advisory lock",
    "app/site/permissions.py": "FAB's association table of permissions",
    "app/site/schema.py": "migration bookkeeping",
    "app/core/prepared.py": "runs what its callers made; today the sign-in, which reads before there is a scope",
    "app/core/extra/kept.py": "paths of the areas of custom fields: the kernel knows areas as a table only",
    "app/core/fieldwords.py": "FTS5 tables of the words of custom fields; their keys only stand beside guarded statements",
    "app/core/reach.py": "the first keys of each area of the scope; the rows are read by the guarded statement",
    "app/core/jobs/queue.py": "claims and progress are single UPDATEs; no personal data in the conditions",
    "app/site/backup.py": "attachments of the restored database, whole site",
    "app/site/dump.py": "row counts and snapshots of a dump",
}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def calls(tree: ast.AST, function: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            if (isinstance(called, ast.Name) and called.id == function) or (
                isinstance(called, ast.Attribute) and called.attr == function
            ):
                yield node


def test_only_known_callers_leave_the_scope():
    found = {name(p) for p in APP if any(calls(tree_of(p), "unscoped"))}
    assert found == set(UNSCOPED_CALLERS) | ({"app/core/scope.py"} & found)


def _core_sql(path: Path) -> list[int]:
    tree, lines = tree_of(path), []
    names_only = {
        id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Attribute) and n.attr in {"name", "columns"}
    }
    for node in ast.walk(tree):
        if id(node) in names_only:
            continue
        table = isinstance(node, ast.Attribute) and node.attr in {"__table__", "tables"}
        raw = (
            isinstance(node, ast.ImportFrom)
            and node.module == "sqlalchemy"
            and {"text", "insert"} & {a.name for a in node.names}
        )
        driver = isinstance(node, ast.Attribute) and node.attr == "exec_driver_sql"
        if table or raw or driver:
            lines.append(node.lineno)
    return lines


def test_core_statements_stand_in_known_places():
    found = {name(p) for p in APP if _core_sql(p)}
    assert found - set(CORE_SQL) == set()


def _docstrings(tree: ast.AST) -> set[int]:
    found = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            for first in body:  # attribute docstrings count too
                if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                    found.add(id(first.value))
    return found


@pytest.mark.parametrize("path", APP, ids=name)
def test_python_holds_no_chinese(path: Path):
    """Chinese stands in data, printed forms and the catalogue; a docstring may quote the field's word."""
    source, tree = path.read_text(), tree_of(path)
    quoted = _docstrings(tree)
    bad = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in quoted
        and CHINESE.search(node.value)
        # an escape is no Chinese in the source
        and CHINESE.search(ast.get_source_segment(source, node) or node.value)
    ]
    assert not bad


@pytest.mark.parametrize("path", sorted((ROOT / "app" / "templates").rglob("*.html")), ids=name)
def test_screen_templates_hold_no_chinese(path: Path):
    assert not CHINESE.search(path.read_text())


def test_files_stay_short():
    long = {name(p): n for p in APP if (n := len(p.read_text().splitlines())) > 300}
    assert not long


def _statements(node: ast.FunctionDef) -> int:
    """Lines of the body without its docstring: long signatures of keyword arguments are no complexity."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return (node.end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_functions_stay_short():
    long = []
    for path in APP:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef) and _statements(node) > 40:
                long.append(f"{name(path)}:{node.name}")
    assert not long
