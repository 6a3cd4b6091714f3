"""Some of the mutated files and replies of tools/trials/mutations.py, for every change."""

import numpy as np

from tools.trials.mutated_wires import mutated
from tools.trials.mutations import files, wires


def bad(cases):
    return [f"{case}: {outcome}" for case, outcome, is_good in cases if not is_good]


def test_mutated_files_end_with_sentences():
    assert bad(files(range(60))) == []


def test_mutated_replies_end_with_values_or_with_names():
    assert bad(wires(range(200))) == []


def test_replies_are_mutated():
    replies = {mutated(b"+1.00000000E-01", np.random.default_rng(seed)) for seed in range(100)}
    assert len(replies) > 50
