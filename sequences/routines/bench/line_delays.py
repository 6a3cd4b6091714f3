"""By how much lines act late, as `delays` measured it: whole ticks are played ahead, the rest is for the models."""

from typing import Final

from sequences.core.lab import Lab

_KEYS: Final = {
    "pump": "delays.pump_ns",
    "depletion": "delays.depletion_ns",
    "mw_x": "delays.mw_ns",
    "mw_y": "delays.mw_ns",
}
"""Role -> calibration of its delay. The counters' gates and the coils are what all others are measured against."""


def ahead_ticks(lab: Lab) -> dict[str, int]:
    """Role -> whole ticks by which its line is played ahead; a delay that was not measured has no entry."""
    return {role: round(late_ns / lab.wiring.tick_ns) for role, late_ns in _delays_ns(lab).items()}


def remainders(lab: Lab) -> dict[str, float]:
    """Role -> ns by which it still acts late, at most half a tick either way: 0 for a delay that was not measured."""
    late_ns, ticks = _delays_ns(lab), ahead_ticks(lab)
    return {role: late_ns[role] - ticks[role] * lab.wiring.tick_ns if role in ticks else 0.0 for role in _KEYS}


def rise_ns(lab: Lab) -> float:
    """In which a beam rises behind its delayed edge, and falls: 0 if it was not measured."""
    found = lab.calibration.get("delays.rise_ns")
    return found.value if found else 0.0


def _delays_ns(lab: Lab) -> dict[str, float]:
    stored = {role: lab.calibration.get(key) for role, key in _KEYS.items()}
    return {role: found.value for role, found in stored.items() if found}
