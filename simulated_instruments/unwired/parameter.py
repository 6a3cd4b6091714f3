"""A value of an instrument: calling it asks, calling it with a value sets, and its cache knows what was last."""

import math
from collections.abc import Callable
from typing import Any


class Parameter:
    """One value; sequences know no more of a driver's parameter than this."""

    def __init__(
        self,
        ask: Callable[[], Any],
        give: Callable[[Any], None] | None = None,
        least: float = -math.inf,
        most: float = math.inf,
    ) -> None:
        """least, most: what it may be set to, for numbers."""
        self._ask, self._give = ask, give
        self.least, self.most = least, most
        self.cache = Cache(self)

    def __call__(self, *value: Any) -> Any:
        """The value; or, given one, sets it."""
        if value:
            self.set(value[0])
            return None
        return self.get()

    def get(self) -> Any:
        """Ask the instrument."""
        return self.cache.keep(self._ask())

    def set(self, value: Any) -> None:
        """Tell the instrument. Raises ValueError beyond `least` and `most`; nothing has been told then."""
        if self._give is None:
            raise TypeError("this value can only be read")
        self.validate(value)
        self._give(value)
        self.cache.keep(value)

    def validate(self, value: Any) -> None:
        """Raises ValueError beyond `least` and `most`."""
        if not isinstance(value, str) and not self.least <= value <= self.most:
            raise ValueError(f"{value} is not between {self.least:g} and {self.most:g}")


class Cache:
    """What was asked or set last."""

    def __init__(self, parameter: Parameter) -> None:
        self._parameter = parameter
        self._value: Any = None
        self._is_valid = False

    def keep(self, value: Any) -> Any:
        """Remember it."""
        self._value, self._is_valid = value, True
        return value

    def get(self, get_if_invalid: bool = True) -> Any:
        """The last value. If there was none: asked now, or None."""
        if self._is_valid or not get_if_invalid:
            return self._value
        return self._parameter.get()


class Stored(Parameter):
    """A value that no instrument holds: it is what it was set to."""

    def __init__(self, value: Any) -> None:
        super().__init__(lambda: self.cache.get(get_if_invalid=False), lambda _: None)
        self.cache.keep(value)
