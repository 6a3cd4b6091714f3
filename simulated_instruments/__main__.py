"""python -m simulated_instruments: the bench from a shell, until Ctrl-C; with --serve for other processes, too."""

import argparse
import math
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from simulated_instruments.bench import SimulatedBench
from simulated_instruments.faults.script import FaultsError, load_faults
from simulated_instruments.sample import Sample, SampleError, label_of, load_sample, shipped
from simulated_instruments.served.bench import Served
from simulated_instruments.visa.dialects import DIALECTS


def _for_ever() -> None:
    while True:
        time.sleep(1.0)


def main(argv: Sequence[str] | None = None, wait: Callable[[], None] = _for_ever) -> int:
    """Start the bench, say where it listens, and wait for Ctrl-C or SIGTERM."""
    arguments = _parser().parse_args(argv)
    try:
        sample = load_sample(arguments.sample)
        arguments.faults = load_faults(arguments.faults) if arguments.faults else ()
    except (SampleError, FaultsError) as error:
        print(error, file=sys.stderr)
        return 2
    try:
        with _switched_on(arguments, sample):
            wait()
    except KeyboardInterrupt:
        print()
    except OSError as error:
        print(f"The bench cannot be served: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulated_instruments", description="Switch on the digital twin.")
    parser.add_argument(
        "--sample",
        type=Path,
        metavar="FILE|NAME",
        help=f"YAML with what shall differ from the default sample, or one that is shipped: {', '.join(shipped())}",
    )
    parser.add_argument("--faults", type=Path, help="YAML file with what shall go wrong, and when")
    parser.add_argument("--seed", type=_seed, help="random seed instead of the sample's")
    parser.add_argument("--serve", action="store_true", help="every instrument on a loopback port, for other processes")
    parser.add_argument("--file", type=Path, default=Path("bench.json"), help="with --serve: where to tell the ports")
    parser.add_argument("--pace", type=_pace, help="with --serve: laboratory seconds a wall second; default: at once")
    return parser


@contextmanager
def _switched_on(arguments: argparse.Namespace, sample: Sample) -> Iterator[None]:
    """The bench that was asked for; it has said where it listens."""
    if not arguments.serve:
        with SimulatedBench(sample, arguments.seed, 1.0, arguments.faults) as bench:
            bench.flow()
            print(f"NI gRPC device server at {bench.ni_target}")
            print(f"VISA, within this process, through {bench.visalib}:")
            print(*(f"  {resource}" for resource in DIALECTS), _told_time(1.0), "Ctrl-C ends it.", sep="\n", flush=True)
            yield
        return
    seed = sample.seed if arguments.seed is None else arguments.seed
    bench = SimulatedBench(sample, seed, arguments.pace, arguments.faults)
    with (
        _ending_at_sigterm(),
        Served(bench, arguments.file, label_of(arguments.sample, sample), seed, arguments.pace) as on,
    ):
        print(f"NI gRPC device server at {on.wires.ni_target}")
        print(f"clock and state at {on.wires.control}")
        print("VISA, for pyvisa-py:", *(f"  {a} at {b}" for a, b in on.wires.addresses.items()), sep="\n")
        print(f"labctl reaches it with: --bench {arguments.file}", _told_time(arguments.pace), sep="\n")
        print("Ctrl-C ends it.", flush=True)
        yield


def _told_time(pace: float | None) -> str:
    if pace:
        return f"Laboratory time flows by itself: {pace:g} s of it every second."
    return (
        'Laboratory time stands still until somebody waits: labctl does, others ask the clock for it ("ask": '
        '"sleep"). With --pace 1 it flows by itself.'
    )


@contextmanager
def _ending_at_sigterm() -> Iterator[None]:
    """Let SIGTERM end the bench as Ctrl-C does; before, so that no signal finds it half switched on."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(text)


def _pace(text: str) -> float:
    try:
        pace = float(text)
    except ValueError:
        pace = math.nan
    if not (math.isfinite(pace) and pace > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return pace


if __name__ == "__main__":
    sys.exit(main())
