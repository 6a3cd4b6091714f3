"""Values as a physicist quotes them; needs no plotting library."""

import math


def quoted(value: float | None, error: float | None, unit: str = "") -> str:
    """'5737.153 ± 0.004 MHz', with as many digits as the error deserves; '—' for what is not known."""
    if value is None or not math.isfinite(value):
        return "—"
    if error is None or not error > 0 or not math.isfinite(error):
        return f"{value:.4g} {unit}".strip()
    digits = max(0, min(9, 1 - int(f"{error:e}".split("e")[1])))
    value = round(value, digits) + 0.0  # no -0
    return f"{value:.{digits}f} ± {error:.{digits}f} {unit}".strip()
