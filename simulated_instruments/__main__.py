"""python -m simulated_instruments: the bench from a shell, until Ctrl-C."""

import argparse
import sys
import threading
from pathlib import Path

from simulated_instruments.bench import Bench
from simulated_instruments.sample import SampleError, load_sample
from simulated_instruments.visa.backend import DIALECTS


def main() -> int:
    """Start the bench, say where it listens, and wait."""
    parser = argparse.ArgumentParser(prog="python -m simulated_instruments", description="Switch on the digital twin.")
    parser.add_argument("--sample", type=Path, help="YAML file with what shall differ from the default sample")
    parser.add_argument("--seed", type=_seed, help="random seed instead of the sample's")
    arguments = parser.parse_args()
    try:
        sample = load_sample(arguments.sample)
    except SampleError as error:
        print(error, file=sys.stderr)
        return 2
    with Bench(sample, arguments.seed, pace=1.0) as bench:
        print(f"NI gRPC device server at {bench.ni_target}")
        print(f"VISA, within this process, through {bench.visalib}:")
        print("\n".join(f"  {resource}" for resource in DIALECTS), "\nCtrl-C ends it.", sep="", flush=True)
        _wait_for_ctrl_c()
    return 0


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(text)


def _wait_for_ctrl_c() -> None:
    try:
        while not threading.Event().wait(3600):
            pass
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    sys.exit(main())
