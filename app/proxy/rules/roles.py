"""Who moves a proxy case: the roles of the site (`app/areas/roles.py`) by what they do with one."""

ROLES = (
    "grid_worker",
    "workstation",
    "office_clerk",
    "town_staff",
    "department",
    "center_operator",
    "dispatcher",
    "supervisor",
    "hotline",
    "leader",
    "system_admin",
    "security_admin",
    "auditor",
)

# who only looks, or administers the site; the center acts for the supervisor
NEVER = ("leader", "supervisor", "auditor", "system_admin", "security_admin")
FIELD = ("grid_worker", "workstation")  # who goes to the door
DESK = ("grid_worker", "workstation", "office_clerk")  # who may also take papers at the station's desk
BLIND = ("department", "hotline")  # see no residents: there is nobody whom they could book for
BOOKERS = ("grid_worker", "workstation", "office_clerk", "town_staff", "center_operator")
REBOOKERS = (*BOOKERS, "hotline")  # somebody rings up with the number of the case
DECIDERS = ("department", "town_staff")  # the town's window decides what the county has delegated to it
KEEPERS = ("workstation", "office_clerk", "town_staff")  # who closes the file
OVERSEERS = ("workstation", "town_staff", "center_operator")
RATERS = (*DESK, "town_staff", "center_operator", "hotline")
REOPENERS = (*KEEPERS, "center_operator")
WITHDRAWERS = (*DESK, *DECIDERS, "center_operator", "hotline")
