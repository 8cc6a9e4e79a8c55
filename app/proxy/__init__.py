"""Proxy services: papers collected at the door, checked by the department, the result brought back."""
