"""Screens of the proxy domain."""
