"""Accounts: sessions on the server, lockout, passwords, second factor, delegated administration (guards, 2 and 4)."""
