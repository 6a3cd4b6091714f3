"""Which experiments there are: those of this package, and those that users keep in packages of their own.

A module of this package is an experiment if it defines `EXPERIMENT`. Another package names its own as entry points of
the group `labctl.experiments`, in its pyproject.toml: `ramsey = "my_package.ramsey:EXPERIMENT"`. Each is loaded when it
is asked for. One of another package that is broken, or whose name is taken, is left out, and `refused` says why.
"""

import ast
import logging
import re
from collections.abc import Iterator, MutableMapping
from dataclasses import MISSING, fields
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from threading import RLock
from typing import Any, Final

from sequences.core.experiment import Experiment

LOG: Final = logging.getLogger(__name__)
GROUP: Final = "labctl.experiments"
_ORDER: Final = (
    *("wiring", "delays", "odmr", "rabi", "locate", "align"),
    *("relaxometry", "calibrate", "cool", "tomography", "engine"),
)
"""In which they are listed; others of this package stand behind them."""
_PACKAGE: Final = "sequences"
_DEFINED: Final = re.compile(r"^EXPERIMENT\b", re.MULTILINE)
_DEFAULTS: Final = {one.name: one.default for one in fields(Experiment) if one.default is not MISSING}


class Experiments(MutableMapping[str, Experiment]):
    """Name -> experiment, ours first. What is asked for is loaded then; others' all at once, to see which are sound."""

    def __init__(self, folder: Path = Path(__file__).parents[1]) -> None:
        """folder: of the modules of `sequences`."""
        self._files = dict(sorted(_ours(folder).items(), key=lambda one: _place(one[0])))
        self._loaded: dict[str, Experiment] = {}
        self._gone: set[str] = set()
        self._theirs: set[str] = set()
        self._looking = RLock()
        self._refused: dict[str, str] | None = None
        """None until the others' were looked for."""

    def __getitem__(self, name: str) -> Experiment:
        if name not in self._loaded and name in self._files and name not in self._gone:
            self._loaded[name] = import_module(f"{_PACKAGE}.{name}").EXPERIMENT
        if name not in self._loaded:
            self._look()
        return self._loaded[name]

    def __setitem__(self, name: str, experiment: Experiment) -> None:
        self._loaded[name] = experiment
        self._gone.discard(name)

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        self._loaded.pop(name, None)
        self._gone.add(name)

    def __contains__(self, name: object) -> bool:
        if name in self._loaded or (name in self._files and name not in self._gone):
            return True
        self._look()
        return name in self._loaded

    def __iter__(self) -> Iterator[str]:
        self._look()
        ours = [name for name in self._files if name not in self._gone]
        return iter(dict.fromkeys([*ours, *self._loaded]))

    def __len__(self) -> int:
        return len(list(iter(self)))

    @property
    def ours(self) -> tuple[str, ...]:
        """The names of those of this package; nothing is loaded."""
        return tuple(self._files)

    @property
    def refused(self) -> dict[str, str]:
        """Name -> why an experiment of another package is left out, a sentence."""
        self._look()
        return dict(self._refused or {})

    def described(self) -> dict[str, str]:
        """Name -> one line."""
        return {name: self._said(name, "description") for name in self}

    def measuring(self, key: str) -> Experiment | None:
        """The experiment that stores this calibration: 'field.x_a', or 'field'."""
        first = key.split(".")[0]
        return next((self[name] for name in self if first in self._said(name, "calibrates")), None)

    def _said(self, name: str, field: str) -> Any:
        """One field of an experiment. Of ours it is read off the module, which is quicker than to load it."""
        if name not in self._loaded:
            try:
                return _literal(self._files[name], field)
            except (LookupError, ValueError):  # it is not written out there
                pass
        return getattr(self[name], field)

    def look_again(self) -> None:
        """Find the experiments of other packages anew, where packages have come or gone."""
        for name in self._theirs:
            self._loaded.pop(name, None)
        self._theirs.clear()
        self._refused = None

    def _look(self) -> None:
        """Find and load the experiments of other packages, once; other threads wait for that."""
        with self._looking:
            if self._refused is None:
                self._refused = {}
                for point in entry_points(group=GROUP):
                    self._take(point)

    def _take(self, point: EntryPoint) -> None:
        if point.name in self._files or point.name in self._loaded:
            whose = "labctl" if point.name in self._files else "another package"
            self._refuse(point, f"{whose} has an experiment of this name. Give it another one")
            return
        try:
            self._loaded[point.name] = _sound(point)
            self._theirs.add(point.name)
        except Exception as error:  # whatever a package of somebody else does wrong
            LOG.debug("The experiment %s could not be loaded", point.name, exc_info=True)
            self._refuse(point, f"{type(error).__name__}: {error}")

    def _refuse(self, point: EntryPoint, why: str) -> None:
        assert self._refused is not None
        package = f" of the package {point.dist.name}" if point.dist else ""
        said = f"The experiment {point.name!r}{package} ({point.value}) is left out: {why}"
        self._refused[point.name] = "; ".join(filter(None, (self._refused.get(point.name), said)))


def _ours(folder: Path) -> dict[str, Path]:
    found = {file.stem: file for file in folder.glob("*.py")}
    return {name: file for name, file in found.items() if _DEFINED.search(file.read_text(encoding="utf-8"))}


def _place(name: str) -> tuple[int, str]:
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER)), name


def _literal(file: Path, field: str) -> Any:
    """What `EXPERIMENT = Experiment(field=...)` says. Raises LookupError or ValueError if it is no plain value."""
    for statement in ast.parse(file.read_text(encoding="utf-8")).body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id="EXPERIMENT")], value=ast.Call(keywords=keywords))
                | ast.AnnAssign(target=ast.Name(id="EXPERIMENT"), value=ast.Call(keywords=keywords))
            ):
                written = {one.arg: one.value for one in keywords}
                return ast.literal_eval(written[field]) if field in written else _DEFAULTS[field]
    raise LookupError(field)


def _sound(point: EntryPoint) -> Experiment:
    """Raises whatever is wrong with it."""
    found = point.load()
    if not isinstance(found, Experiment):
        raise TypeError(f"it is of the type {type(found).__name__}, not an Experiment of sequences.core.experiment")
    if found.name != point.name:
        raise ValueError(f"it calls itself {found.name!r}: entry point and experiment must have one name")
    return found


EXPERIMENTS: Final = Experiments()
"""Those of this program."""
