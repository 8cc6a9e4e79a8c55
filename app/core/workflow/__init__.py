"""A table-driven state machine, pure: one table makes the buttons, the checks, the diagram and the tests.

    MACHINE = Machine({
        (None, Act.book): To(State.booked, role=("hotline",), needs=("applicant",)),
        (State.booked, Act.ask): To(State.waiting, role=..., needs=("missing",), remembers=True),
        (State.waiting, Act.bring): To(resume_to(State.booked), role=..., bars=("still_missing",)),
    }, finals=(State.archived,), names=NAMES)

Words of the table
  needs     what must be given with the action; `one_of("letter", "signature")` is met by either
  bars      facts that must be empty (a list of missing papers, originals that are out); the caller must state each
            of them, so that forgetting one is an error and not an open door
  when      facts of the record without which the action is not offered at all (no delivery needed)
  writes    what the step row keeps beside the needs; `paper` the form codes it prints; `clocks` what it does to clocks
  remembers the state that is left is kept, and an action with `resume_to` leads back to it
  keeps     what the state that is left remembers is remembered further
  reopens   leads out of a final state: by this row only
"""

from app.core.workflow.diagrams import mermaid, table_rows
from app.core.workflow.machine import Machine
from app.core.workflow.table import Offer, Resume, Step, To, one_of, resume_to

__all__ = ["Machine", "Offer", "Resume", "Step", "To", "mermaid", "one_of", "resume_to", "table_rows"]
