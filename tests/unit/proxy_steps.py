"""What the tests of the case machine share: a step with everything it could ask for."""

from app.core.workflow import Resume

NO_BARS = {
    "missing_materials": [],
    "unanswered_conditions": [],
    "unanswered_questions": [],
    "asked_before": False,
    "kept_cards": [],
    "originals_out": [],
    "publicity_due": False,
    "appearance_due": False,
    "opinions_open": [],
    "callbacks_open": [],
    "declaration_due": False,
    "verification_due": False,
    "consent_refused": False,
}


def everything(to):
    """All that a row could ask for."""
    names = {name for need in to.needs for name in (need if isinstance(need, tuple) else (need,))}
    return {**NO_BARS, **dict.fromkeys(names, "given"), **dict.fromkeys(to.when, True)}


def remembered(to):
    return to.state.allowed[-1] if isinstance(to.state, Resume) else None
