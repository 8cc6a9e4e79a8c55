"""Tables of the proxy domain."""

from app.proxy.models.cases import (
    CaseClock,
    CaseDelivery,
    CaseMaterial,
    CaseStep,
    ClockPause,
    Custody,
    ProxyCase,
)
from app.proxy.models.items import ServiceItem, ServiceItemVersion, ServiceMaterial

__all__ = [
    "CaseClock",
    "CaseDelivery",
    "CaseMaterial",
    "CaseStep",
    "ClockPause",
    "Custody",
    "ProxyCase",
    "ServiceItem",
    "ServiceItemVersion",
    "ServiceMaterial",
]
