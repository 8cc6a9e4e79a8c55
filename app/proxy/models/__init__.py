"""Tables of the proxy domain."""

from app.proxy.models.cases import (
    CaseClock,
    CaseDelivery,
    CaseMaterial,
    CaseStep,
    ClockPause,
    ProxyCase,
)
from app.proxy.models.guide import GuideItem
from app.proxy.models.hands import CaseSignature, Custody, CustodyMove
from app.proxy.models.items import ServiceField, ServiceItem, ServiceItemVersion, ServiceMaterial
from app.proxy.models.joint import CaseAlarm, CaseAssist, CaseCallback
from app.proxy.models.limits import EscalationRule, StepLimit, StepRole
from app.proxy.models.proofs import need_allowed

__all__ = [
    "CaseAlarm",
    "CaseAssist",
    "CaseCallback",
    "CaseClock",
    "CaseDelivery",
    "CaseMaterial",
    "CaseSignature",
    "CaseStep",
    "ClockPause",
    "Custody",
    "CustodyMove",
    "EscalationRule",
    "GuideItem",
    "ProxyCase",
    "ServiceField",
    "ServiceItem",
    "ServiceItemVersion",
    "ServiceMaterial",
    "StepLimit",
    "StepRole",
    "need_allowed",
]
