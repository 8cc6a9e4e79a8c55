"""How protected values look where they are not revealed: lists, forms, exports, papers, logs, API.

An ID number shows its first and last character only, because the usual 6+4 mask beside a birth date gives the
whole number away (PIPL art. 51; guards of the register). Every function accepts None and blanks.
"""

STAR = "*"
HIDDEN = "\u2022" * 4  # stands where a value is there but not even its shape is shown
SHORT_NUMBER = 4


def mask_id_number(number: str | None) -> str:
    """``430281…4`` → ``4****************4``; the length stays visible, four characters or fewer do not."""
    text = (number or "").strip()
    if len(text) <= SHORT_NUMBER:
        return STAR * len(text)
    return text[0] + STAR * (len(text) - 2) + text[-1]


def mask_phone(number: str | None) -> str:
    """``13812345678`` → ``138****5678``; a fixed line keeps its area code: ``0731-****1234``."""
    parts = (number or "").strip().split("-")
    area = [parts.pop(0)] if len(parts) > 1 and parts[0].startswith("0") else []
    # what follows the number itself is an extension
    return "-".join([*area, _hide(parts[0]), *(STAR * len(part) for part in parts[1:])])


def mask_name(name: str | None) -> str:
    """The first character and one star, whatever the length."""
    text = (name or "").strip()
    return STAR if len(text) == 1 else text[:1] + STAR * bool(text)


def _hide(text: str) -> str:
    size = len(text)
    if size >= 11:
        return text[:3] + STAR * (size - 7) + text[-4:]
    shown = 4 if size >= 7 else 2 if size > SHORT_NUMBER else 0
    return STAR * (size - shown) + text[size - shown :]
