"""Pages of sheets in."""

from app.exchange.views.desk import ImportDesk

__all__ = ["ImportDesk"]
