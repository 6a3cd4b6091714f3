"""What several tests share. On the path as `support`: see pyproject.toml."""

import os
import platform
from importlib.metadata import version

if platform.machine() in ("x86_64", "AMD64"):
    # With AVX-512 a processor rounds otherwise, and an adaptive run goes another way: `calibrated.json` would not be
    # what is measured anew. Set before numpy comes, and for children; numpy calls its features so from 2.4 on.
    os.environ.setdefault("OPENBLAS_CORETYPE", "Haswell")
    if tuple(map(int, version("numpy").split(".")[:2])) >= (2, 4):
        os.environ.setdefault("NPY_DISABLE_CPU_FEATURES", "X86_V4 AVX512_ICL AVX512_SPR")
