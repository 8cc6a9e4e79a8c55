"""Stages of a proxy case: states that are asked for together."""

from app.proxy.choices import State

# before the decision: the applicant may withdraw, papers and their photos are gathered
UNDECIDED = (
    State.booked,
    State.entrusted,
    State.collected,
    State.supplement,
    State.submitted,
    State.prechecking,
    State.precheck_rejected,
    State.accepted,
    State.processing,
    State.suspended,
)
# where questions of the service may be answered
QUESTION_STATES = tuple(state for state in UNDECIDED if state is not State.booked)
# where the department has the papers before it and marks them
MARKING_STATES = (State.prechecking, State.accepted, State.processing)
# where a result waits to be fetched, and where it is to be handed over
TO_FETCH = (State.approved.value, State.refused.value)
TO_DELIVER = (State.result_received.value, State.delivering.value, State.delivery_failed.value)
BEFORE_WINDOW = (State.entrusted.value, State.collected.value, State.supplement.value)
# where somebody waits for the worker on the day of the appointment
APPOINTED = (State.booked.value, State.delivering.value)
