"""Verbs that change the two trees, staff and posts, plans and calendars. They flush; only the edge commits."""
