"""Sheets in and out at the size of a city: an invented sheet, our way, the plain way."""
