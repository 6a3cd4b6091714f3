"""The terminals of the card: what each is called, and which of them carry a signal on this bench."""

from typing import Final

from nidaqmx.error_codes import DAQmxErrors

from simulated_instruments.nidaq.device.data_sheet import Model, without_device
from simulated_instruments.nidaq.device.refusals import Refusal, not_simulated

ON_BOARD: Final = ("", "onboardclock")
"""Sources that mean the task's own clock."""
TIMEBASES_HZ: Final = {"100MHzTimebase": 1e8, "20MHzTimebase": 2e7, "10MHzRefClock": 1e7, "100kHzTimebase": 1e5}
EDGES_AT: Final = ("PFI8", "PFI3", "PFI0", "PFI5")
"""Where each counter looks for the edges that it counts, unless it is told."""
GATES_AT: Final = ("PFI9", "PFI4", "PFI1", "PFI6")
"""Where each counter looks for the signal whose frequency or period it measures."""
OUT_AT: Final = ("PFI12", "PFI13", "PFI14", "PFI15")
"""Where each counter puts out its pulses."""
KINDS: Final = ("ai", "ao", "di", "do")
"""Parts of the card that have a sample clock and a start trigger."""
_OF_KINDS: Final = ("SampleClockTimebase", "PauseTrigger", "ReferenceTrigger")
_OF_AI: Final = ("ConvertClock", "ConvertClockTimebase", "HoldCompleteEvent")
_OF_COUNTERS: Final = ("Source", "Gate", "Aux", "SampleClock", "ArmStartTrigger", "A", "B", "Z")
_OTHERS: Final = ("AnalogComparisonEvent", "ChangeDetectionEvent", "FrequencyOutput", "APFI0", "APFI1")


def simulated(model: Model) -> tuple[str, ...]:
    """Terminals that may carry a signal here, without the device."""
    return (
        *(f"PFI{k}" for k in range(model.pfi)),
        *(f"{kind}/{what}" for kind in KINDS for what in ("StartTrigger", "SampleClock")),
        *(f"Ctr{k}InternalOutput" for k in range(model.counters)),
        *TIMEBASES_HZ,
    )


def others(model: Model) -> tuple[str, ...]:
    """Terminals that the real card has beyond these."""
    return (
        *(f"{kind}/{what}" for kind in KINDS for what in _OF_KINDS if (kind, what) != ("ao", "ReferenceTrigger")),
        *(f"ai/{what}" for what in _OF_AI),
        *(f"Ctr{k}{what}" for k in range(model.counters) for what in _OF_COUNTERS),
        *(f"RTSI{k}" for k in range(8)),
        *_OTHERS,
    )


def terminal(model: Model, text: str) -> str:
    """`/Dev1/PFI8`, `dev1/pfi8` or `PFI8` -> `PFI8`. Raises Refusal for one that carries nothing here."""
    name = text.strip().lstrip("/")
    if name.lower().startswith(f"{model.name.lower()}/") or text.startswith("/"):
        name = without_device(model, text)
    for known in simulated(model):
        if known.lower() == name.lower():
            return known
    if name.lower() in {other.lower() for other in others(model)}:
        raise not_simulated(f"The terminal {text}", "Use a PFI terminal, a timebase or the output of a counter")
    raise Refusal(
        DAQmxErrors.INVALID_ROUTING_SOURCE_TERMINAL_NAME_ROUTING,
        "Source terminal to be routed could not be found on the device. Make sure the terminal name is valid for the "
        "specified device.",
        Device=model.name,
        Source_Terminal=text,
    )


def full(model: Model, name: str) -> str:
    """`PFI8` -> `/Dev1/PFI8`."""
    return f"/{model.name}/{name}"


def named(model: Model, text: str) -> str:
    """As the driver tells a terminal that was set as this text."""
    return full(model, terminal(model, text)) if text else ""
