"""The truth about a sample and its bench, read from sample.yaml: strict about names, types and ranges."""

import reprlib
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulated_instruments.yaml_text import NotYamlError, read_yaml

DEFAULT_SAMPLE = Path(__file__).with_name("sample.yaml")
_SHIPPED = Path(__file__).with_name("samples")

_BRIEF = reprlib.Repr()
_BRIEF.maxlevel = 1

# Ranges are wide, but no wider than the twin can play: it counts every photon, and steps through its fastest rate.
Positive = Annotated[float, Field(ge=1e-6, le=1e6)]
NotNegative = Annotated[float, Field(ge=0, le=1e6)]
CountRate = Annotated[float, Field(ge=0, le=1e9)]
Share = Annotated[float, Field(ge=0, le=1)]
Finite = Annotated[float, Field(ge=-1e6, le=1e6)]
Near = Annotated[float, Field(ge=-2e3, le=2e3)]  # nm: in the focus of the Gaussian beam, which lights all of it alike
Nanoseconds = Annotated[float, Field(ge=0, le=1e4)]  # of what is late: well within a shot
Fidelity = Annotated[float, Field(ge=0.5, le=1)]
Vector2 = tuple[Finite, Finite]
Vector3 = tuple[Finite, Finite, Finite]


class SampleError(ValueError):
    """A sample file that cannot be used; the message lists every fault."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NVAxis(_Part):
    tilt_deg: Annotated[float, Field(ge=0, le=90)]
    azimuth_deg: Finite

    @property
    def unit_vector(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """(3,), laboratory frame; tilt is counted from the main coil's z."""
        tilt, azimuth = np.deg2rad(self.tilt_deg), np.deg2rad(self.azimuth_deg)
        return np.array([np.sin(tilt) * np.cos(azimuth), np.sin(tilt) * np.sin(azimuth), np.cos(tilt)])


class Wander(_Part):
    """An Ornstein-Uhlenbeck process about 1: its rms, and the time in which it forgets."""

    rms: Share
    hours: Annotated[float, Field(ge=1e-3, le=1e6)]


class Pair(_Part):
    separation_nm: Annotated[float, Field(ge=0.5, le=1e6)]
    centre_nm: Vector2
    orientation_deg: Finite
    zero_field_difference_khz: Annotated[float, Field(ge=-1e5, le=1e5)]
    """D of the right NV minus D of the left one."""

    @property
    def positions_nm(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """(2, 2): left and right NV in the focal plane; the right one lies along the orientation."""
        angle = np.deg2rad(self.orientation_deg)
        half = 0.5 * self.separation_nm * np.array([np.cos(angle), np.sin(angle)])
        return np.asarray(np.array(self.centre_nm) + np.array([-half, half]))


class Bystander(_Part):
    """An emitter beside the pair that only shines: no spin, always bright, saturated like an NV."""

    position_nm: tuple[Near, Near]
    brightness: Annotated[float, Field(ge=0, le=100)] = 1.0
    """Of its saturated count rate, relative to an NV of the pair."""


class BathTruth(_Part):
    spins: Annotated[float, Field(ge=1, le=1e6)]
    t1n_s: Annotated[float, Field(ge=1e-3, le=1e6)]
    cr_half_width_khz: Annotated[float, Field(ge=1e-3, le=1e6)] | Literal["paper"]
    """Homogeneous, if the lines spread from shot to shot."""
    overhauser_khz: Annotated[float, Field(ge=0, le=1e3)]
    """Spread of each NV's line from shot to shot, 1 sigma, beside an unpolarised bath of 1.1 % 13C."""
    overhauser_shift_khz: Annotated[float, Field(ge=-1e3, le=1e3)]
    """By which a wholly polarised bath of 1.1 % 13C moves f- of its NV."""


class Rates(_Part):
    gamma_sl_per_s: NotNegative


class Sted(_Part):
    """The red doughnut of 775 nm, beside which an NV is hardly excited."""

    saturation_mw: Positive
    """Power at the sample at which the crest empties an excited NV as fast as its own decay does."""
    null: Share
    radius_nm: Positive
    throughput: Share
    anti_stokes: Share
    """Rate at which red light excites, over that at which it empties an excited NV."""
    drift: Wander


class Optics(_Part):
    saturated_cps: CountRate
    background_cps: CountRate
    dark_cps: CountRate
    contrast: Share
    pump_per_s: Annotated[float, Field(ge=1e3, le=1e8)]
    pump_fidelity: Fidelity | tuple[Fidelity, Fidelity]
    doughnut_null: Share
    doughnut_radius_nm: Positive
    steering_nm_per_v: Positive
    steering_drift_nm_per_sqrt_min: NotNegative
    aom_extinction: Share
    pump_saturation_mw: Positive
    doughnut_saturation_mw: Positive
    pump_throughput: Share
    doughnut_throughput: Share
    brightness_drift: Wander
    green_drift: Wander
    doughnut_drift: Wander
    aom_delay_ns: Nanoseconds
    aom_rise_ns: Nanoseconds
    singlet_ns: Nanoseconds
    nv_minus: Annotated[float, Field(gt=0, le=1)]
    dead_time_ns: Nanoseconds
    afterpulsing: Annotated[float, Field(ge=0, le=0.5)]
    sted: Sted

    @property
    def fidelities(self) -> tuple[float, float]:
        """Of pumping, of the left and of the right NV."""
        f = self.pump_fidelity
        return f if isinstance(f, tuple) else (f, f)


class MicrowaveTruth(_Part):
    rabi_mhz_at_0dbm: Annotated[float, Field(ge=1e-6, le=1e3)]
    delay_ns: Nanoseconds
    amplitude_drift: Wander
    quadrature_error_deg: Annotated[float, Field(ge=-45, le=45)]
    quadrature_imbalance: Annotated[float, Field(ge=-0.5, le=0.5)]


class PulsedCoils(_Part):
    shift_mt_per_a: Finite
    gradient_ut_per_nm_per_a: Finite
    gradient_centre_nm: Vector2
    gradient_direction_deg: Finite
    compensation_mt_per_a: Finite
    settling_share: Annotated[float, Field(ge=-0.1, le=0.1)]
    settling_us: Annotated[float, Field(ge=1e-3, le=1e4)]


class Sample(_Part):
    """Everything that is true of the simulated bench and that the laboratory has to find out."""

    seed: Annotated[int, Field(ge=0, lt=2**63)]
    nv_axis: NVAxis
    residual_field_ut: Vector3
    coil_matrix_mt_per_a: tuple[Vector3, Vector3, Vector3]
    field_drift_ut_per_sqrt_min: NotNegative
    zero_field_drift_khz_per_sqrt_min: NotNegative
    pair: Pair
    bystanders: Annotated[tuple[Bystander, ...], Field(max_length=100)]
    nitrogen: Literal["14N", "none"]
    nitrogen_polarisation: Share
    mains_ripple_ut: Annotated[float, Field(ge=0, le=10)]
    c13_percent: Annotated[float, Field(gt=0, le=100)]
    bath: BathTruth
    rates: Rates
    optics: Optics
    microwave: MicrowaveTruth
    pulsed_coils: PulsedCoils


def shipped() -> list[str]:
    """Names of the samples that come with the twin."""
    return sorted(file.stem for file in _SHIPPED.glob("*.yaml"))


def load_sample(file: Path | None = None) -> Sample:
    """The default sample, or that of a file which may name only some keys, or a shipped one by its bare name.

    Raises SampleError naming every fault.
    """
    truth = _read(DEFAULT_SAMPLE)
    if file is not None:
        truth = _merged(truth, _read(_found(file)))
    try:
        return Sample.model_validate(truth)
    except ValidationError as error:
        faults = (
            f"{'.'.join(map(str, e['loc']))}: {e['msg']} (given: {_BRIEF.repr(e['input'])})" for e in error.errors()
        )
        raise SampleError(f"{file or DEFAULT_SAMPLE}: " + "; ".join(faults)) from None


def label_of(file: Path | None, sample: Sample) -> str:
    """The sample's name and a digest of all of it but its seed: what calibrates one twin fits no other.

    The red doughnut counts only where it is not the usual one: twins that were calibrated before there was one keep
    their names.
    """
    optics = {"sted"} if sample.optics.sted == load_sample().optics.sted else set()
    without: dict[str, Any] = {"seed": True, "optics": optics}
    digest = sha256(sample.model_dump_json(exclude=without).encode()).hexdigest()[:8]
    return f"simulated {file.stem if file else 'default'} {digest}"


def _found(file: Path) -> Path:
    """The shipped sample of this name, or the file itself."""
    is_name = not file.suffix and file.name == str(file)
    if is_name and file.name in shipped():
        return _SHIPPED / f"{file.name}.yaml"
    if is_name and not file.exists():
        raise SampleError(f"{file}: neither a file nor one of the samples {', '.join(shipped())}")
    return file


def _read(file: Path) -> dict[str, Any]:
    try:
        content, _ = read_yaml(file)
    except OSError as error:
        raise SampleError(f"{file}: cannot be read ({error.strerror})") from None
    except NotYamlError as error:
        raise SampleError(f"{file}: not a YAML file: {error}") from None
    if not isinstance(content, dict):
        raise SampleError(f"{file}: must be a mapping like sample.yaml, not {type(content).__name__}")
    named: dict[str, Any] = _named(content)
    return named


def _named(content: Any) -> Any:
    """YAML takes the bare key `null` for nothing; here it is the null of a doughnut."""
    if not isinstance(content, dict):
        return content
    return {"null" if key is None else key: _named(value) for key, value in content.items()}


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    out = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        out[key] = _merged(base[key], value) if both else value
    return out
