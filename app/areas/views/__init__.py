"""Screens of the areas domain: accounts, sessions, user administration."""
