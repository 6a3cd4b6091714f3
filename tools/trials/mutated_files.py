"""Station and sample files that are mutated, by their structure and by their bytes, and what labctl says of them."""

import contextlib
import io
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from ruamel.yaml import YAML

import simulated_instruments.bench as twins
from labctl.__main__ import main
from simulated_instruments.sample import DEFAULT_SAMPLE

STATION: Final = Path(__file__).resolve().parents[2] / "station.yaml"
LIMIT_S: Final = 20.0
"""Wall time after which a case hangs."""
LONGEST: Final = 200_000
"""Characters that a complaint may have."""
BOMB: Final = (
    "[&a [x,x,x,x,x,x,x,x], &b [*a,*a,*a,*a,*a,*a,*a,*a], &c [*b,*b,*b,*b,*b,*b,*b], &d [*c,*c,*c,*c,*c,*c,*c,*c], *d]"
)
HOSTILE: Final = (
    ".nan", ".inf", "-.inf", "1e400", "-1", "0", "-0.0", "1e308", "1e-308", "99999999999999999999", "9" * 5000,
    "null", "~", "true", "''", "[]", "{}", "[" * 50 + "]" * 50, "[" * 3000, "{a: " * 60 + "1" + "}" * 60, BOMB,
    "&me [*me]", "*nowhere", "{<<: {a: 1}}", "{<<: 3}", "!!set {a, b}", "!!omap [a: 1]", "!!binary aGVsbG8=",
    "!!binary x", "!!timestamp 2001-01-01", "2001-12-14t21:59:43.10-05:00", "9999-99-99", "!foo bar", "!!int abc",
    "!!float {a: 1}", "!!python/object/apply:os.system ['touch CANARY']", "!!python/name:os.system",
    "!!python/object/apply:pathlib.Path.touch [CANARY]", "!!python/module:this", "!!python/object/new:os.system [x]",
    '"\\0"', '"\\e[2J"', '"\\u202e"', '"\\ud800"', '"\\x9b1m"', "'../../etc/passwd'", "/etc/passwd", "'C:\\..\\x'",
    "0x1F", "0o17", "1_000", "190:20:30", "yes", "'" + "x" * 20_000 + "'", "os.system", "builtins.exec", "this.s",
    "pathlib.Path", "subprocess.Popen", "antigravity.geohash", "idlelib.idle.x", "..instruments.aom.MPDS",
    "instruments.aom", "instruments.magnet.Magnet", "instruments.ni_card.Device", "instruments.aom.MPDS",
    "'TCPIP0::../../x::INSTR'", "'ASRL/dev/mem::INSTR'", "'GPIB0::1::INSTR'", "TCPIP::::INSTR", "magnet", "aom.",
    "main_supply.ch1.ch2", "ni_card", "Dev1/port0", "PFI8", "ao9",
)  # fmt: skip
"""Texts in the place of a value, or of a key."""
KEYS: Final = (
    "extra",
    "'\\e[1m'",
    "<<",
    "? [a, b]",
    "{a: 1}",
    "1",
    "~",
    "''",
    '"\\0"',
    "visalib",
    "initial_value",
    "__class__",
)


class Hung(BaseException):
    """A case took too long."""


@dataclass(frozen=True)
class Ended:
    """What became of one command."""

    code: int
    fault: str
    """Why that is no good end; empty if it is one."""


class Mutator:
    """Mutated texts of one YAML file. The same seed makes the same text."""

    def __init__(self, file: Path) -> None:
        self._bytes = file.read_bytes()
        self._tree = YAML(typ="safe", pure=True).load(self._bytes.decode())

    def mutated(self, seed: int) -> bytes:
        """One text: every fourth is mutated by its bytes, the others by their structure, once to three times."""
        draw = np.random.default_rng(seed)
        if seed % 4 == 0:
            return _in_bytes(self._bytes, draw)
        tree = _copied(self._tree)
        for _ in range(int(draw.choice([1, 1, 1, 2, 3]))):
            _in_structure(tree, draw)
        return _text(tree).encode("utf-8", "surrogatepass")


class _Raw(str):
    """A text that is written as it is."""


def _copied(node: Any) -> Any:
    """Mappings as lists of pairs behind a mark, so that a key may come twice."""
    if isinstance(node, dict):
        return {"pairs": [[str(key), _copied(value)] for key, value in node.items()]}
    return [_copied(value) for value in node] if isinstance(node, list) else node


def _places(node: Any) -> Iterator[tuple[list[Any], int]]:
    """Every pair of a mapping and every item of a list, with the list that holds it."""
    held = node["pairs"] if isinstance(node, dict) else node if isinstance(node, list) else []
    for k, one in enumerate(held):
        yield held, k
        yield from _places(one[1] if isinstance(node, dict) else one)


def _in_structure(tree: Any, draw: np.random.Generator) -> None:
    places = list(_places(tree))
    if not places:
        return
    held, k = places[int(draw.integers(len(places)))]
    is_pair = isinstance(held[k], list) and len(held[k]) == 2 and isinstance(held[k][0], str)
    other = places[int(draw.integers(len(places)))]
    hostile = _Raw(HOSTILE[int(draw.integers(len(HOSTILE)))])
    match int(draw.integers(8)):
        case 0:
            del held[k]
        case 1:
            held.append([_Raw(KEYS[int(draw.integers(len(KEYS)))]), hostile] if is_pair else hostile)
        case 2 if is_pair:
            held.append([held[k][0], hostile])
        case 3 if is_pair:
            held[k] = [hostile if len(hostile) < 200 else _Raw("x"), held[k][1]]
        case 4 if is_pair and isinstance(other[0][other[1]], list) and len(other[0][other[1]]) == 2:
            held[k] = [held[k][0], _copied_of(other[0][other[1]][1])]
        case 5 if is_pair and isinstance(held[k][1], int | float):
            held[k] = [held[k][0], held[k][1] * float(draw.choice([-1.0, 0.5, 0.99, 2.0, 10.0, 1e6, 1e-9]))]
        case _:
            held[k] = [held[k][0], hostile] if is_pair else hostile


def _copied_of(node: Any) -> Any:
    if isinstance(node, dict):
        return {"pairs": [[key, _copied_of(value)] for key, value in node["pairs"]]}
    return [_copied_of(value) for value in node] if isinstance(node, list) else node


def _text(node: Any, depth: int = 0) -> str:
    if isinstance(node, _Raw):
        return str(node)
    if isinstance(node, dict):
        if depth == 0:
            return "\n".join(f"{key}: {_text(value, 1)}" for key, value in node["pairs"]) + "\n"
        return "{" + ", ".join(f"{key}: {_text(value, depth + 1)}" for key, value in node["pairs"]) + "}"
    if isinstance(node, list):
        return "[" + ", ".join(_text(value, depth + 1) for value in node) + "]"
    if isinstance(node, str):
        return f'"{node}"'
    named = {None: "null", True: "true", False: "false"}
    return named[node] if node is None or isinstance(node, bool) else repr(node)


def _in_bytes(text: bytes, draw: np.random.Generator) -> bytes:
    out = bytearray(text)
    for _ in range(int(draw.integers(1, 6))):
        at = int(draw.integers(len(out) + 1))
        match int(draw.integers(6)):
            case 0:
                out[at : at + 1] = bytes([int(draw.integers(256))])
            case 1:
                del out[at : at + int(draw.integers(1, 40))]
            case 2:
                out[at:at] = draw.integers(0, 256, int(draw.integers(1, 8)), dtype=np.uint8).tobytes()
            case 3:
                out[at:at] = HOSTILE[int(draw.integers(len(HOSTILE)))].encode("utf-8", "surrogatepass")
            case 4:
                out = out[:at] if draw.random() < 0.3 else out
            case 5:
                out[at:at] = out[at : at + int(draw.integers(1, 200))]
    return bytes(out)


def ended(arguments: list[str], folder: Path) -> Ended:
    """Give labctl this command here, in this process. folder: where nothing but `data` may change."""
    said, shown = io.StringIO(), io.StringIO()
    before = sorted(folder.iterdir())
    code, fault = -1, ""
    try:
        with _limited(), contextlib.redirect_stderr(said), contextlib.redirect_stdout(shown):
            main(arguments)
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException as error:
        fault = f"{type(error).__name__}: {error}"
    return Ended(code, fault or _bad(code, said.getvalue(), sorted(folder.iterdir()) != before))


def _bad(code: int, said: str, left: bool) -> str:
    if left or Path("CANARY").exists():
        return "a file was written"
    if code not in (0, 1, 2):
        return f"exit code {code}"
    if "Traceback" in said or "unexpected" in said:
        return said[-500:]
    if code == 2 and not all(line.startswith("labctl: ") for line in said.split("\n") if line):
        return f"no sentences: {said[-500:]!r}"
    if code and not said.strip():
        return "no word"
    if not said.replace("\n", "").isprintable():
        return f"control characters: {said[:300]!a}"
    return f"{len(said)} characters" if len(said) > LONGEST else ""


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    """Raise Hung here after LIMIT_S, where the system has such an alarm."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def hung(*_: Any) -> None:
        raise Hung(f"after {LIMIT_S:g} s")

    before = signal.signal(signal.SIGALRM, hung)
    signal.setitimer(signal.ITIMER_REAL, LIMIT_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def watched() -> Iterator[list[str]]:
    """Twins that are switched off meanwhile are looked at before: what was still on, of all of them."""
    found: list[str] = []
    plain = twins.SimulatedBench

    class Watched(plain):  # type: ignore[misc, valid-type]  # a variable, for whatever stands there now
        def __exit__(self, *why: Any) -> None:
            found.extend(self.still_on())
            super().__exit__(*why)

    vars(twins)["SimulatedBench"] = Watched
    try:
        yield found
    finally:
        vars(twins)["SimulatedBench"] = plain


def file_cases(seeds: range, folder: Path, opens: int) -> Iterator[tuple[str, Ended]]:
    """What labctl says of a station or a sample, by turns: (case, end). opens: so many of the good ones are opened."""
    of = {"station": Mutator(STATION), "sample": Mutator(DEFAULT_SAMPLE)}
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        option = ("station", "sample")[seed // 4 % 2]
        file = folder / f"{option}.yaml"
        file.write_bytes(of[option].mutated(seed))
        there = ["--simulated", f"--{option}", str(file), "--data", str(folder / "data")]
        there += [] if option == "station" else ["--station", str(STATION)]
        (folder / "data").mkdir(exist_ok=True)
        end = ended(["run", "odmr", "--dry-run", *there], folder)
        yield f"{option} {seed}", end
        if end.code == 0 and opens > 0:
            opens -= 1
            with watched() as on:
                end = ended(["check" if seed % 3 else "run", *([] if seed % 3 else ["wiring"]), *there], folder)
            yield f"{option} {seed} opened", Ended(end.code, end.fault or "; ".join(on))
