"""python -m simulated_instruments: the bench from a shell, until Ctrl-C."""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from simulated_instruments.bench import Bench
from simulated_instruments.sample import SampleError, load_sample
from simulated_instruments.visa.backend import DIALECTS


def _for_ever() -> None:
    while True:
        time.sleep(1.0)


def main(argv: Sequence[str] | None = None, wait: Callable[[], None] = _for_ever) -> int:
    """Start the bench in real time, say where it listens, and wait for Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m simulated_instruments", description="Switch on the digital twin.")
    parser.add_argument("--sample", type=Path, help="YAML file with what shall differ from the default sample")
    parser.add_argument("--seed", type=_seed, help="random seed instead of the sample's")
    arguments = parser.parse_args(argv)
    try:
        sample = load_sample(arguments.sample)
    except SampleError as error:
        print(error, file=sys.stderr)
        return 2
    with Bench(sample, arguments.seed, pace=1.0) as bench:
        print(f"NI gRPC device server at {bench.ni_target}")
        print(f"VISA, within this process, through {bench.visalib}:")
        print(*(f"  {resource}" for resource in DIALECTS), "Ctrl-C ends it.", sep="\n", flush=True)
        try:
            wait()
        except KeyboardInterrupt:
            print()
    return 0


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
