"""Why instruments could not be opened, in as few sentences as say it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Self

_REMEDY: Final = "Is it on and connected, is the address right, and does no other program hold it?"
_PIP: Final = "install it beside labctl: python -m pip install "
_LIBRARIES: Final[Mapping[str, tuple[str, str]]] = {
    "PySerial": ("PySerial, for serial ports,", f"{_PIP}pyserial"),
    "PyUSB": ("PyUSB, for USB,", f"{_PIP}pyusb libusb-package"),
    "No backend available": ("libusb, for USB,", f"{_PIP}libusb-package"),
    "gpib_ctypes": ("gpib-ctypes, for GPIB,", f"{_PIP}gpib-ctypes"),
    "NI-DAQmx": ("NI-DAQmx, the driver of NI cards,", "install it from ni.com"),
    "VISA implementation": ("a VISA library", "install NI-VISA, or beside labctl: python -m pip install pyvisa-py"),
}
"""Words in an exception -> the library that is missing, and how it is installed."""


@dataclass(frozen=True)
class Silent:
    """An instrument that could not be opened."""

    name: str
    address: str
    why: str
    library: str = ""
    """Key of the library that is missing, if that is why."""

    @classmethod
    def after(cls, name: str, address: str, error: Exception) -> Self:
        """What an exception says about an instrument."""
        text = " ".join(str(error).split())
        if library := next((words for words in _LIBRARIES if words in text), ""):
            missing, remedy = _LIBRARIES[library]
            return cls(name, address, f"needs {missing} which is not installed: {remedy}", library)
        said = f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__
        return cls(name, address, f"does not answer ({said}). {_REMEDY}")

    def __str__(self) -> str:
        where = f" at {self.address}" if self.address else ""
        return f"{self.name}{where} {self.why}"


def told(silent: Collection[Silent], is_all: bool, where: str) -> list[str]:
    """A sentence for each; for a bench that is not there at all, one for it and one for each library that is missing.

    is_all: whether no instrument answers. where: the station file.
    """
    if not is_all:
        return [*map(str, silent)]
    nothing = f"None of the {len(silent)} instruments of {where} answers. Is the bench on, and is this its computer?"
    return [f"{nothing} `labctl check -v` says why each does not; --simulated works without a bench", *_missing(silent)]


def _missing(silent: Collection[Silent]) -> Iterator[str]:
    for library in dict.fromkeys(one.library for one in silent if one.library):
        names = [one.name for one in silent if one.library == library]
        missing, remedy = _LIBRARIES[library]
        yield f"{', '.join(names)} need{'s' if len(names) == 1 else ''} {missing} which is not installed: {remedy}"
