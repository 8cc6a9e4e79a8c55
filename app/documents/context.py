"""The plain dict that a form prints: does it have the shape of the sample, and what is left of it on a blank form.

The sample is the contract between a domain's ``papers.py`` and the form. Only JSON types pass, since the dict is kept
with the issued paper; dates are ISO strings.
"""

from __future__ import annotations

from typing import Any


def shape_faults(sample: Any, value: Any, path: str = "") -> list[str]:
    """Differences of shape between ``value`` and ``sample``, as ``path: what`` (empty list: it fits).

    Missing and surplus keys are both faults. A scalar may always be None; else text stays text, number number, bool bool.
    Rows of a list are held against the sample's rows; a list without a sample row may hold text only.
    """
    here = path or "(top)"
    if isinstance(sample, dict):
        if not isinstance(value, dict):
            return [f"{here}: must be an object"]
        return _dict_faults(sample, value, path)
    if isinstance(sample, list):
        if not isinstance(value, list):
            return [f"{here}: must be a list"]
        row = _row(sample)
        return [fault for i, item in enumerate(value) for fault in shape_faults(row, item, f"{path}[{i}]")]
    if value is None or (sample is None and isinstance(value, str | int | float)):
        return []
    if _kind(sample) != _kind(value):
        return [f"{here}: must be {_kind(sample)}, not {_kind(value)}"]
    return []


def _dict_faults(sample: dict[str, Any], value: dict[str, Any], path: str) -> list[str]:
    prefix = f"{path}." if path else ""
    faults = [f"{prefix}{key}: missing" for key in sample if key not in value]
    faults += [f"{prefix}{key}: not known to the form" for key in value if key not in sample]
    for key in sample:
        if key in value:
            faults += shape_faults(sample[key], value[key], f"{prefix}{key}")
    return faults


def _row(rows: list[Any]) -> Any:
    """What a row of the list looks like: the first sample row, its empty lists filled from later ones."""
    row = rows[0] if rows else ""
    if not isinstance(row, dict):
        return row
    return {
        key: next((r[key] for r in rows if r.get(key) not in ([], None)), child) for key, child in row.items()
    }


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    return f"of type {type(value).__name__}"


def blanked(sample: Any, rows: dict[str, int], path: str = "") -> Any:
    """The sample with everything wiped: no text, no ticks, and as many empty rows as ``rows[path]`` says (else none)."""
    if isinstance(sample, dict):
        return {key: blanked(child, rows, f"{path}.{key}" if path else key) for key, child in sample.items()}
    if isinstance(sample, list):
        return [blanked(_row(sample), rows, path) for _ in range(rows.get(path, 0))]
    if isinstance(sample, bool):
        return False
    return "" if isinstance(sample, str) else None


def blank_context(
    sample: dict[str, Any], rows: dict[str, int], keep: tuple[str, ...], context: dict[str, Any] | None
) -> dict[str, Any]:
    """A context for the blank form: of ``context`` only the values at the dotted paths ``keep`` remain (office, version)."""
    blank: dict[str, Any] = blanked(sample, rows)
    if context:
        for path in keep:
            *parents, last = path.split(".")
            source, target = context, blank
            for name in parents:
                source, target = source[name], target[name]
            target[last] = source[last]
    return blank
