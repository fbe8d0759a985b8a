"""Errors that a user can act on: each names the stage, the culprit and the next move."""

from __future__ import annotations


class GpuctlError(Exception):
    """Base of everything that gpuctl raises on purpose.

    `message` names the culprit, `hint` the next move; `exit_code` is the contract's.
    """

    stage = "gpuctl"
    exit_code = 4

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(GpuctlError):
    """The command line, a setting or a named file is wrong: the user's to mend."""

    stage = "usage"
    exit_code = 2


class ConfigError(UsageError):
    """A configuration file is wrong."""

    stage = "config"


class InputError(UsageError):
    """A file that the user named cannot be read or is not what gpuctl reads."""

    stage = "read"


class SourceError(GpuctlError):
    """A source could not be used at all: no kubeconfig, connection refused, login rejected."""

    stage = "collect"
    exit_code = 2


class KnowledgeError(GpuctlError):
    """A catalogue in the package is broken: a bug of ours."""

    stage = "knowledge"
