"""Where a message ends: at its terminator, or at once, if the instrument obeys a key as soon as it is pressed."""


def first_message(heard: bytearray, end: bytes, keys: bytes = b"") -> bytes | None:
    """Take the first whole message off what was heard, with its end; None while there is none.

    keys: bytes that are a message of their own where a message begins. Line ends there are no message then, for most
    callers send one after a key as well.
    """
    if keys:
        del heard[: len(heard) - len(heard.lstrip(b"\r\n"))]
        if heard and heard[0] in keys:
            return _taken(heard, 1)
    at = heard.find(end)
    return None if at < 0 else _taken(heard, at + len(end))


def _taken(heard: bytearray, length: int) -> bytes:
    message = bytes(heard[:length])
    del heard[:length]
    return message
