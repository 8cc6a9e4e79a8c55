"""Full names and codes of areas below a parent."""

from collections.abc import Collection, Iterable


def full_name(names: Iterable[str], longest: int = 300) -> str:
    """The names from the top down as one: Chinese names stand together, others with a blank between.

    A name that begins with the one above (Green Hill Community First Grid) does not repeat it. Too long a name
    loses its beginning, because the end tells two areas apart.
    """
    result = ""
    above = ""
    for name in names:
        part = name[len(above) :].strip() if above and name.startswith(above) and name != above else name
        joint = " " if result and (result[-1:].isascii() or part[:1].isascii()) else ""
        result, above = f"{result}{joint}{part}", name
    return result[-longest:]


def recoded(code: str, old_parent: str, new_parent: str, taken: Collection[str]) -> str:
    """The code of an area under another parent: same serial if it is free there, else the next free one.

    A code that did not nest in the old parent's stays as it is. `taken` are the codes in force under the new parent.
    """
    if not (old_parent and code.startswith(old_parent)) or old_parent == new_parent:
        return code
    serial = code[len(old_parent) :]
    wanted = new_parent + serial
    if wanted not in taken or not serial.isdigit():
        return wanted
    return next_code(new_parent, len(serial), taken)


def next_code(parent: str, width: int, taken: Collection[str]) -> str:
    """The lowest free code of the form parent code + serial of `width` digits; empty when all are taken."""
    for number in range(1, 10**width):
        code = f"{parent}{number:0{width}d}"
        if code not in taken:
            return code
    return ""
