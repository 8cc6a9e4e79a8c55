"""Two trees: area (where) and org unit (who); staff, posts, duties, calendars, roles, sign-in."""
