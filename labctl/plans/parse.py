"""A plan from texts, as `--set key=value` and the form give them: all is checked before anything is opened."""

import ast
import dataclasses
import inspect
import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

from labctl.common.refusals import Refusal, known
from labctl.common.value_errors import bounds_of, range_of, sentence, unit_of
from sequences.core.plan_limits import driving

_MISSING: Final = "must be given"
_UNIONS: Final = (Union, UnionType)
_PREPARED: Final[dict[type[Any], tuple[Mapping[str, "Key"], TypeAdapter[Any]]]] = {}


@dataclass(frozen=True)
class Key:
    """One key of a plan, as `labctl run SEQUENCE --keys` shows it."""

    name: str
    """Dotted where a plan contains another one."""
    hint: Any
    """Its type, without constraints."""
    default: Any
    """dataclasses.MISSING if it must be given."""
    limits: str
    """'0 to 10', 'at least 1', or empty."""
    unit: str
    help: str
    """The docstring beneath the field."""
    bounds: Mapping[str, float] = dataclasses.field(default_factory=dict, compare=False)
    """What `limits` says: ge, gt, le, lt."""
    limited_by: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    """The limits of station.yaml that hold for it."""


def keys_of(plan: type[Any], prefix: str = "", defaults: Any = None) -> list[Key]:
    """All keys of a plan, those of plans within it under dotted names."""
    hints, docs, keys = get_type_hints(plan, include_extras=True), docstrings(plan), []
    limited = {one.name: one.limits for one in driving(plan)}
    for field in dataclasses.fields(plan):
        (hint, limits), bounds = _without_limits(hints[field.name]), bounds_of(_constraints(hints[field.name]))
        default = _default(field) if defaults is None else getattr(defaults, field.name)
        name = prefix + field.name
        if dataclasses.is_dataclass(hint) and isinstance(hint, type):
            keys += keys_of(hint, f"{name}.", None if default is dataclasses.MISSING else default)
        else:
            by = limited.get(field.name, ())
            keys.append(Key(name, hint, default, limits, unit_of(name), docs.get(field.name, ""), bounds, by))
    return keys


@dataclass(frozen=True)
class Fault:
    """What is wrong with a plan, at one key or as a whole."""

    key: str
    """Empty: the plan as a whole."""
    words: str
    """'must be at most 10, not '11' (allowed: 1 to 10 V)'."""


def make_plan(plan: type[Any], settings: Sequence[str], before: Mapping[str, str] | None = None) -> Any:
    """The plan with these `key=value` settings. Raises Refusal listing every fault.

    before: dotted key -> text of what is so unless a setting says otherwise; nothing: the defaults.
    """
    split = [setting.partition("=") for setting in settings]
    texts = {**(before or {}), **{name.strip(): text.strip() for name, equals, text in split if equals}}
    made, found = plan_of(plan, texts)
    faults = [f"--set {setting}: write it as key=value" for setting in settings if "=" not in setting]
    faults += [_as_setting(plan, fault, texts) for fault in found]
    if faults:
        raise Refusal(faults)
    return made


def plan_of(plan: type[Any], texts: Mapping[str, str]) -> tuple[Any, list[Fault]]:
    """The plan with these values, dotted key -> text, the others at their defaults; None if it has faults."""
    keys, adapter = _prepared(plan)
    faults = [
        Fault(name, f"{plan.__name__} has no key {name!r}; {known(name, list(keys))}")
        for name in texts
        if name not in keys
    ]
    values = {key.name: key.default for key in keys.values() if key.default is not dataclasses.MISSING}
    values |= {name: _parsed(text.strip(), keys[name].hint) for name, text in texts.items() if name in keys}
    try:
        made = adapter.validate_python(_nested(values))
    except ValidationError as error:
        found = [_fault(detail, keys) for detail in error.errors() if not _follows(detail)]
        return None, faults + list(dict.fromkeys(found))  # of what may be of two kinds, pydantic tells both
    return (None if faults else made), faults


def texts_of(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Dotted key -> text of every value of a plan, as it is stored; `plan_of` makes exactly these values of them."""
    texts: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            texts |= texts_of(value, f"{prefix}{name}.")
        else:
            texts[prefix + name] = as_text(value)
    return texts


def settings_of(made: Any) -> dict[str, str]:
    """Dotted key -> text of every value of a plan that is not its default: what --set has to say."""
    values = {name: reduce(getattr, name.split("."), made) for name in known_keys(type(made))}
    return {name: as_text(values[name]) for name, key in known_keys(type(made)).items() if values[name] != key.default}


def as_text(value: Any) -> str:
    """A value of a plan as `--set` reads it, every digit of it: '2', '0.1', '1,2.5', 'true', 'none'."""
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case float():
            return repr(value).removesuffix(".0")
        case list() | tuple() if not value or any(isinstance(one, list | tuple | str) for one in value):
            return json.dumps(value)
        case list() | tuple():
            return ",".join(map(as_text, value))
    return str(value)


def known_keys(plan: type[Any]) -> Mapping[str, Key]:
    """`keys_of` by their names."""
    return _prepared(plan)[0]


def _prepared(plan: type[Any]) -> tuple[Mapping[str, Key], TypeAdapter[Any]]:
    """Its keys and what checks it: made once, because a form asks at every key stroke."""
    if plan not in _PREPARED:
        _PREPARED[plan] = ({key.name: key for key in keys_of(plan)}, TypeAdapter(plan))
    return _PREPARED[plan]


def _as_setting(plan: type[Any], fault: Fault, texts: Mapping[str, str]) -> str:
    """The same for a command line."""
    if not fault.key:
        return f"{plan.__name__}: {fault.words}"
    if fault.key not in known_keys(plan):
        return f"--set {fault.key}={texts[fault.key]}: {fault.words}"
    if fault.words == _MISSING:
        return f"{plan.__name__}: {fault.key} {fault.words}: --set {fault.key}=…"
    return f"--set {fault.key}: {fault.words}"


def _follows(detail: Any) -> bool:
    """Whether a list is called too short only because its faulty values, named already, do not count."""
    return bool(detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"])


def _fault(detail: Any, keys: Mapping[str, Key]) -> Fault:
    path = [str(part) for part in detail["loc"]]
    key = next((keys[n] for k in range(len(path), 0, -1) if (n := ".".join(path[:k])) in keys), None)
    if key is None:
        return Fault("", sentence(detail))
    if detail["type"] == "missing":
        return Fault(key.name, _MISSING)
    if get_origin(key.hint) in _UNIONS and (choices := choices_of(key.hint)):
        return Fault(key.name, f"must be {' or '.join(choices)}, not {detail['input']!r}")
    allowed = f" (allowed: {key.limits}{' ' + key.unit if key.unit else ''})" if key.limits else ""
    return Fault(key.name, sentence(detail) + allowed)


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in values.items():
        *path, last = name.split(".")
        place = out
        for part in path:
            place = place.setdefault(part, {})
        place[last] = value
    return out


def _default(field: "dataclasses.Field[Any]") -> Any:
    return field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default


def _parsed(text: str, hint: Any) -> Any:
    """Text as the type of its key wants it; what does not fit stays text and is refused with its own name."""
    options = get_args(hint) if get_origin(hint) in _UNIONS else (hint,)
    if NoneType in options and text.lower() in ("none", "null", ""):
        return None
    if any(get_origin(option) in (tuple, list) for option in options):
        return _listed(text)
    if int in options:
        return _number(text)
    return text


def _listed(text: str) -> Any:
    if text.lower() == "none":
        return []
    try:
        return json.loads(text if text.startswith("[") else f"[{text}]")
    except (ValueError, RecursionError):
        return text


def _number(text: str) -> Any:
    """1e6 is a whole number too."""
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else number


def _without_limits(hint: Any) -> tuple[Any, str]:
    if get_origin(hint) is not Annotated:
        return hint, _choices(hint)
    base = get_args(hint)[0]
    return base, range_of(_constraints(hint)) or _choices(base) or _each(base)


def _constraints(hint: Any) -> list[Any]:
    extras = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return [one for extra in extras for one in getattr(extra, "metadata", [extra])]


def _each(hint: Any) -> str:
    """What every value of a list may be."""
    limits = _without_limits(get_args(hint)[0])[1] if get_origin(hint) in (tuple, list) else ""
    return f"each {limits}" if limits else ""


def choices_of(hint: Any) -> list[str]:
    """The texts that a key can be, if they are few."""
    texts: list[str] = []
    for option in get_args(hint) if get_origin(hint) in _UNIONS else (hint,):
        if option is bool:
            texts += ["true", "false"]
        elif get_origin(option) is Literal:
            texts += map(str, get_args(option))
        elif option is NoneType:
            texts.append("none")
        else:
            return []
    return texts


def _choices(hint: Any) -> str:
    return "" if hint is bool else " | ".join(choices_of(hint))


def docstrings(plan: type[Any]) -> dict[str, str]:
    """Field of a dataclass -> the string beneath it, those of base classes included."""
    docs: dict[str, str] = {}
    for base in reversed(plan.__mro__):
        if dataclasses.is_dataclass(base):
            tree = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0]
            docs |= _documented(tree.body if isinstance(tree, ast.ClassDef) else [])
    return docs


def _documented(body: Sequence[ast.stmt]) -> Iterable[tuple[str, str]]:
    for statement, below in pairwise(body):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            match below:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    yield statement.target.id, " ".join(text.split())
