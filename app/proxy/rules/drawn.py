"""The machine of a case as a page of the documents."""

from app.core.workflow import mermaid, table_rows
from app.proxy.rules.machine import MACHINE


def diagram() -> str:
    """The machine as Mermaid text."""
    return mermaid(MACHINE)


def states_page() -> str:
    """The body of docs/proxy-states.md: the diagram and the table, made from the machine alone."""
    heads = ("state", "action", "target", "role", "needs", "bars", "clocks", "paper")
    lines = ["# States of a proxy case", "", "```mermaid", diagram().rstrip(), "```", ""]
    lines += ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(row[head] for head in heads) + " |" for row in table_rows(MACHINE)]
    return "\n".join(lines) + "\n"
