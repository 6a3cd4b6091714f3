"""The file that tells where a served bench listens: written when it is ready, gone when it has ended."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulated_instruments.faults.kinds import RESOURCES

Loopback = Annotated[str, Field(pattern=r"^127\.0\.0\.1:\d{1,5}$")]
Socket = Annotated[str, Field(pattern=r"^TCPIP0::127\.0\.0\.1::\d{1,5}::SOCKET$")]
Label = Annotated[str, Field(pattern=r"^[^/\\\x00-\x1f]{1,200}$")]


class WiresError(ValueError):
    """A file that tells of no bench; the message says why and what to do."""


class WiresFile(BaseModel):
    """Where a served bench listens, all of it on loopback."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    addresses: dict[str, Socket]
    """Address of station.yaml -> VISA resource name of its socket."""
    ni_target: Loopback
    """Of the NI gRPC device server."""
    control: Loopback
    """Of the clock, the truth and the state."""
    label: Label
    """Which sample the bench holds."""
    seed: Annotated[int, Field(ge=0)]
    twin: Annotated[str, Field(pattern=r"^[0-9a-f]{8}$")]
    """Its identity: another one after it was switched on anew."""
    pace: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None
    """Laboratory seconds a wall second; None for as fast as it goes."""

    @property
    def roles(self) -> dict[str, str]:
        """Role of every VISA instrument -> its address in the default station.yaml."""
        return {role: address for role, address in RESOURCES.items() if address in self.addresses}

    def write(self, file: Path) -> None:
        """All of it or nothing: whoever waits for the file never reads a part of it. Raises OSError."""
        part = file.with_name(f".{file.name}.{os.getpid()}")
        try:
            part.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)

    def remove(self, file: Path) -> None:
        """Take the file away, unless it tells of another bench by now."""
        with suppress(OSError, WiresError):
            if read_wires(file) == self:
                file.unlink()


def read_wires(file: Path) -> WiresFile:
    """Raises WiresError if it cannot be read or is something else."""
    remedy = f"start the bench with: python -m simulated_instruments --serve --file {file}"
    try:
        return WiresFile.model_validate_json(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise WiresError(f"{file}: cannot be read ({error.strerror}); {remedy}") from None
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors()[:5])
        raise WiresError(f"{file}: is not the file of a served bench ({faults}); {remedy}") from None
    except ValueError:  # no text in UTF-8
        raise WiresError(f"{file}: is not the file of a served bench; {remedy}") from None
