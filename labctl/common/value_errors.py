"""What a value may be, and what pydantic found wrong with it, in words: units, ranges, and sentences."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_RANGES: Final[Mapping[str, tuple[str, str]]] = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("greater than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
    "multiple_of": ("a multiple of", "multiple_of"),
}
_KINDS: Final[Mapping[str, str]] = {
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "string_type": "text",
    "dict_type": "a mapping (key: value)",
    "model_type": "a mapping (key: value)",
    "model_attributes_type": "a mapping (key: value)",
    "dataclass_type": "a mapping (key: value)",
    "list_type": "a list",
    "tuple_type": "a list",
}


UNITS: Final[Mapping[str, str]] = {
    "rad_per_s": "rad/s", "per_s": "1/s", "ns": "ns", "us": "us", "ms": "ms", "s": "s", "hz": "Hz", "khz": "kHz",
    "mhz": "MHz",
    "mt": "mT", "ut": "uT", "dbm": "dBm", "mw": "mW", "a": "A", "v": "V", "nm": "nm", "deg": "deg",
    "percent": "%", "cps": "counts/s",
}  # fmt: skip
"""The unit that the end of a name says."""


_SPELLED: Final[Mapping[str, str]] = {"seconds": "s", "minutes": "min", "hours": "h"}


def unit_of(name: str) -> str:
    """The unit in a name: 'MHz' for span_mhz, 'A/s' for ramp_a_per_s; empty if the name has none."""
    last = name.rsplit(".", 1)[-1]
    what, per, ending = last.rpartition("_per_")
    if per and ending in UNITS and not last.endswith("_rad_per_s"):
        return f"{unit_of(what) or '1'}/{UNITS[ending]}"
    spelled = next((unit for word, unit in _SPELLED.items() if word in last.split("_")), "")
    return next((unit for ending, unit in UNITS.items() if last.endswith(f"_{ending}")), spelled)


def words_of(name: str) -> str:
    """A name without its unit: 'span' for span_mhz, 'rate' for rate_per_s."""
    unit = unit_of(name)
    ending = next((f"_{end}" for end, of in UNITS.items() if unit == of and name.endswith(f"_{end}")), "")
    return name.removesuffix(ending).replace("_", " ")


def range_of(constraints: Iterable[Any]) -> str:
    """'0 to 10', 'at least 1': the bounds among these constraints; empty if there are none."""
    return bounds_words(bounds_of(constraints))


def bounds_of(constraints: Iterable[Any]) -> dict[str, float]:
    """The bounds among these constraints: ge, gt, le, lt."""
    bounds: dict[str, float] = {}
    for one in constraints:
        bounds |= {b: v for b in ("ge", "gt", "le", "lt") if (v := getattr(one, b, None)) is not None}
    return bounds


def bounds_words(bounds: Mapping[str, float]) -> str:
    """'0 to 10', 'at least 1'."""
    if bounds.keys() == {"ge", "le"}:
        return f"{bounds['ge']:g} to {bounds['le']:g}"
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    return ", ".join(f"{words[b]} {v:g}" for b, v in bounds.items())


def sentence(error: "ErrorDetails") -> str:
    """'must be at most 10, not 12', 'must be a number, not 'abc''."""
    kind, given, context = error["type"], error["input"], error.get("ctx", {})
    if kind in _RANGES and str(given).strip().lower().lstrip("+-") == "nan":  # beyond no limit, and within none
        return f"must be {_KINDS['finite_number']}, not {given!r}"
    if kind in _RANGES:
        words, limit = _RANGES[kind]
        return f"must be {words} {context[limit]:g}, not {given!r}"
    if kind in _KINDS:
        return f"must be {_KINDS[kind]}, not {given!r}"
    if (special := _SPECIAL.get(kind)) is not None:
        return special(context, given)
    return f"{error['msg'].removeprefix('Value error, ')}, not {given!r}"


_SPECIAL: Final[Mapping[str, Callable[[Mapping[str, Any], Any], str]]] = {
    "literal_error": lambda context, given: f"must be {context['expected']}, not {given!r}",
    "enum": lambda context, given: f"must be {context['expected']}, not {given!r}",
    "value_error": lambda context, _given: str(context["error"]),
    "too_long": lambda context, given: f"must have at most {context['max_length']} values, not {len(given)}",
    "too_short": lambda context, given: f"must have at least {context['min_length']} values, not {len(given)}",
}
