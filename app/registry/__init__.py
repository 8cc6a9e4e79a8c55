"""Everybody, every home, every venue of a grid."""
