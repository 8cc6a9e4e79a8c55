"""A workbook of Excel 97 to 2003, and of WPS (.et): at most 65,536 rows, read by xlrd."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import xlrd

from .cells import from_serial, text
from .refused import Refused
from .survey import MOST_COLUMNS, Survey

_BLANKS = (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK)


class Xls:
    """An opened workbook. ``tabs`` is [(name, hidden, number)]."""

    kind = "xls"

    def __init__(self, data: bytes) -> None:
        try:
            self.book = xlrd.open_workbook(
                file_contents=data, formatting_info=True, on_demand=True, logfile=io.StringIO()
            )
        except (MemoryError, Refused):
            raise
        except xlrd.XLRDError as error:
            raise Refused("password" if "encrypted" in str(error).lower() else "damaged") from None
        except Exception:  # xlrd raises whatever it stumbles over
            raise Refused("damaged") from None
        self.since_1904 = self.book.datemode == 1
        hidden = [self.book._sheet_visibility[number] for number in range(self.book.nsheets)]
        self.tabs = [
            (name, hidden[number] != 0, str(number)) for number, name in enumerate(self.book.sheet_names())
        ]
        self._sheets: dict[int, Any] = {}

    def _sheet(self, tab: int) -> Any:
        if tab not in self._sheets:
            try:
                self._sheets[tab] = self.book.sheet_by_index(tab)
            except MemoryError:
                raise
            except Exception:
                raise Refused("damaged") from None
        return self._sheets[tab]

    def survey(self, tab: int) -> Survey:
        """What is hidden and merged stands in the file beside the cells."""
        sheet, result = self._sheet(tab), Survey()
        for index in range(sheet.nrows):
            info = sheet.rowinfo_map.get(index)
            filled = any(kind not in _BLANKS for kind in sheet.row_types(index))
            result.row(index + 1, bool(info and info.hidden), filled)
        for top, bottom, left, right in sheet.merged_cells:
            result.merge((top + 1, left, bottom, right - 1))
        result.hidden_columns = sorted(
            column for column, info in sheet.colinfo_map.items() if info.hidden and column < MOST_COLUMNS
        )
        return result

    def rows(self, tab: int) -> Iterator[tuple[int, list[Any]]]:
        """(row number from 1, wire cells) of each row with something in it."""
        sheet = self._sheet(tab)
        for index in range(sheet.nrows):
            kinds = sheet.row_types(index)
            values = [
                self._value(kind, value) for kind, value in zip(kinds, sheet.row_values(index), strict=True)
            ]
            while values and values[-1] is None:
                values.pop()
            if values:
                yield index + 1, values

    def _value(self, kind: int, value: Any) -> Any:
        if kind == xlrd.XL_CELL_TEXT:
            return text(value)
        if kind == xlrd.XL_CELL_NUMBER:
            return int(value) if value == int(value) and abs(value) < 10**15 else value
        if kind == xlrd.XL_CELL_DATE:
            return from_serial(value, self.since_1904)
        if kind == xlrd.XL_CELL_BOOLEAN:
            return bool(value)
        if kind == xlrd.XL_CELL_ERROR:
            return {"e": xlrd.error_text_from_code.get(value, "#ERROR")}
        return None
