"""What a step asks about originals and signatures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid
from app.proxy.models import ProxyCase

MOST_NUMBER = 40


def originals_of(case: ProxyCase, data: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Numbers of originals that are taken over, by the paper's number; Invalid for one that is too long."""
    numbers = {str(m.seq): str(data.get(f"docno-{m.seq}") or "").strip() for m in case.materials}
    if any(len(number) > MOST_NUMBER for number in numbers.values()):
        raise Invalid(_("At most %(most)s characters.", most=MOST_NUMBER), field="materials")
    return {seq: {"document_no": number} for seq, number in numbers.items() if number}
