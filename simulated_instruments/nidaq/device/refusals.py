"""Errors with DAQmx's own numbers and the fields that a DAQmx message carries."""

from nidaqmx.error_codes import DAQmxErrors


class Refusal(Exception):
    """The card refuses, as the driver would. `code` is DAQmx's status code."""

    def __init__(self, code: DAQmxErrors, message: str, **fields: object) -> None:
        self.code, self.fields = int(code), fields
        details = "\n".join(f"{name.replace('_', ' ')}: {value}" for name, value in fields.items())
        super().__init__("\n\n".join(part for part in (message, details) if part))

    def text(self, task_name: str = "") -> str:
        """The message as the driver prints it."""
        named = f"Task Name: {task_name}" if task_name else ""
        return "\n\n".join(part for part in (str(self), named, f"Status Code: {self.code}") if part)


def bad_value(name: str, requested: object, **bounds: object) -> Refusal:
    """A property that cannot have this value."""
    message = "Requested value is not a supported value for this property. The property value may be invalid."
    return Refusal(DAQmxErrors.INVALID_ATTRIBUTE_VALUE, message, Property=name, Requested_Value=requested, **bounds)


def not_simulated(what: str, remedy: str) -> Refusal:
    """Something that the real card can do and this one cannot."""
    message = f"{what}: not simulated. The real PCIe-6363 may do this, the simulated one does not. {remedy}."
    return Refusal(DAQmxErrors.FUNCTION_NOT_SUPPORTED_FOR_DEVICE, message)


def while_running(what: str) -> Refusal:
    """An operation that has to wait until the task is stopped."""
    message = f"Specified operation cannot be performed while the task is running: {what}. Stop the task first."
    return Refusal(DAQmxErrors.CAN_NOT_PERFORM_OP_WHILE_TASK_RUNNING, message)


class ReadRefusal(Refusal):
    """A read that gave nothing: DAQmx says how many samples were read all the same."""

    samples_read = 0


class SessionRefusal(Exception):
    """The gRPC server itself refuses: no driver error, but one of gRPC's own status codes, by its name."""

    def __init__(self, status: str, message: str) -> None:
        self.status = status
        super().__init__(message)
