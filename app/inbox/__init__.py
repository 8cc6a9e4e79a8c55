"""Notices, reminders and messages behind an outbox."""
