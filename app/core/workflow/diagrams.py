"""A machine drawn and listed for the documents, from the table alone."""

from app.core.workflow.machine import Machine


def mermaid(machine: Machine) -> str:
    """The table as a Mermaid state diagram (text of the code block), labels in the language of the moment."""
    lines = ["stateDiagram-v2"]
    lines += [f"    {state.name} : {state.label}" for state in machine.states]
    for state, action, to in machine.rows():
        source = "[*]" if state is None else state.name
        for target in to.targets:
            lines.append(f"    {source} --> {target.name} : {action.label}")
    lines += [f"    {state.name} --> [*]" for state in machine.finals]
    return "\n".join(lines) + "\n"


def table_rows(machine: Machine) -> list[dict[str, str]]:
    """The table as plain text rows for a document: state, action, target, role, needs, bars, clocks, paper."""
    return [
        {
            "state": str(state.label) if state is not None else "",
            "action": str(action.label),
            "target": ", ".join(str(target.label) for target in to.targets),
            "role": ", ".join(to.role),
            "needs": ", ".join(_need_text(machine, need) for need in to.needs),
            "bars": ", ".join(str(machine.names[bar]) for bar in to.bars),
            "clocks": ", ".join(f"{tick.op} {tick.clock} {tick.reason}".strip() for tick in to.clocks),
            "paper": ", ".join(to.paper),
        }
        for state, action, to in machine.rows()
    ]


def _need_text(machine: Machine, need: str | tuple[str, ...]) -> str:
    names = need if isinstance(need, tuple) else (need,)
    return " / ".join(str(machine.names[name]) for name in names)
