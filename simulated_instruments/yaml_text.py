"""A YAML file as plain values: none can build objects, hold the parser for minutes, or end in a traceback."""

import re
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

_BRACKET: Final = re.compile(r"[\[\]{}]")
_DEEPEST: Final = 50
"""Brackets within one another: a parser's time grows with the square of that."""
_QUOTED: Final = 200


class NotYamlError(ValueError):
    """What is wrong with a text, in one line."""


def read_yaml(file: Path) -> tuple[Any, Any]:
    """What a file holds, and where: its values and its nodes. Raises OSError, or NotYamlError."""
    try:
        text = file.read_text(encoding="utf-8")
        if _depth(text) > _DEEPEST:
            raise NotYamlError(f"more than {_DEEPEST} brackets within one another")
        return YAML(typ="safe", pure=True).load(text), YAML(typ="safe", pure=True).compose(text)
    except (OSError, NotYamlError):
        raise
    except Exception as error:  # a number too long, bytes of no text, and whatever tags with odd values lead to
        problem = " ".join(str(error).split())[:_QUOTED]
        raise NotYamlError(problem or type(error).__name__) from None


def _depth(text: str) -> int:
    return max(accumulate((1 if sign in "[{" else -1 for sign in _BRACKET.findall(text)), initial=0))
