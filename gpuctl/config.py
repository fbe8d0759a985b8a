"""Configuration: flag > GPUCTL_* > project gpuctl.toml > user's config.toml > /etc/gpuctl/config.toml. Strict about unknown keys.

A checkout is not trusted: a project's file may not say whom to ask or what to load, and under CI it is read only when named.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from gpuctl.errors import ConfigError

PROJECT_FILE: Final = "gpuctl.toml"
FORBIDDEN_IN_PROJECT: Final = frozenset({"kubeconfig", "context", "hosts", "ssh", "registries", "plugins", "knowledge"})

KEYS: Final[dict[str, tuple[type, str]]] = {
    "kubeconfig": (str, "path of the kubeconfig file"),
    "context": (str, "context of the kubeconfig"),
    "namespace": (str, "namespace to report on, and to judge when the whole cluster may not be read"),
    "request_timeout": (str, 'longest wait for one request, such as "20s"'),
    "deadline": (str, 'longest time for reading everything, such as "60s"'),
    "output": (str, "style of the report: table, wide, json, yaml or name"),
    "fail_on": (str, "exit 1 from this severity on: never, info, low, medium, high or critical"),
    "fail_on_unknown": (bool, "exit 3 when anything could not be assessed"),
    "only": (list, "codes of the audits to run"),
    "skip": (list, "codes of the audits to leave out"),
    "waivers": (str, "path of the waivers file"),
    "baseline": (str, "path of an earlier report whose findings are known"),
}
"""Settings with their type and meaning. `[thresholds]` stands apart."""

_TYPE_NAMES = {str: "a text", bool: "true or false", list: "a list of texts"}
_ENVIRONMENT_ONLY = frozenset({"GPUCTL_CONFIG"})


@dataclass(frozen=True)
class Setting:
    """A value and where it was set."""

    value: Any
    origin: str


@dataclass(frozen=True)
class Config:
    """The settings in force below the flags. `files` are those read; `notes` what was left unread or not understood, and why."""

    settings: dict[str, Setting] = field(default_factory=dict)
    thresholds: dict[str, Setting] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def get(self, name: str, default: Any = None) -> Any:
        """A setting's value."""
        setting = self.settings.get(name)
        return default if setting is None else setting.value


def load(
    environment: Mapping[str, str],
    folder: Path,
    threshold_names: Collection[str],
    named: str | None = None,
    system: Path = Path("/etc/gpuctl/config.toml"),
) -> Config:
    """The configuration of a run.

    Args:
        environment: the process's variables.
        folder: where the run was started; its gpuctl.toml is the project's.
        threshold_names: what `[thresholds]` may set.
        named: the file of `--config`; it is read instead of the project's, and trusted.
        system: the machine's file.

    Raises:
        ConfigError: a file cannot be read, is no TOML, or sets what it may not or what does not exist.
    """
    named = named or environment.get("GPUCTL_CONFIG")
    home = environment.get("XDG_CONFIG_HOME") or str(Path(environment.get("HOME", "~")).expanduser() / ".config")
    sources: list[tuple[Path, bool]] = [(system, True), (Path(home) / "gpuctl" / "config.toml", True)]
    notes = []
    project = folder / PROJECT_FILE
    if named is not None:
        if not Path(named).is_file():
            raise ConfigError(f"configuration {named!r} does not exist", "name a file that exists, or leave out --config")
        sources.append((Path(named), True))
    elif project.is_file():
        if environment.get("CI", "").lower() not in {"", "0", "false"}:
            notes.append(f"{PROJECT_FILE} is not read under CI; name it by --config if you trust it")
        else:
            sources.append((project, False))
    settings: dict[str, Setting] = {}
    thresholds: dict[str, Setting] = {}
    read = []
    for path, trusted in sources:
        if not path.is_file():
            continue
        values, numbers = parse(path, trusted, threshold_names)
        settings |= {name: Setting(value, str(path)) for name, value in values.items()}
        thresholds |= {name: Setting(value, str(path)) for name, value in numbers.items()}
        read.append(str(path))
    for variable, text in sorted(environment.items()):
        if not variable.startswith("GPUCTL_") or variable in _ENVIRONMENT_ONLY:
            continue
        name = variable.removeprefix("GPUCTL_").lower()
        if name in KEYS:
            settings[name] = Setting(_from_environment(variable, name, text), variable)
        else:
            near = get_close_matches(name, KEYS, 1)
            notes.append(f"{variable} is no setting of gpuctl" + (f"; did you mean GPUCTL_{near[0].upper()}?" if near else ""))
    return Config(settings, thresholds, tuple(read), tuple(notes))


def parse(path: Path, trusted: bool, threshold_names: Collection[str]) -> tuple[dict[str, Any], dict[str, float]]:
    """Settings and thresholds of one file.

    Raises:
        ConfigError: see `load`.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", "make the file readable, or remove it") from error
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, nested too deep
        raise ConfigError(f"{path}: {error}", "write it as TOML; `gpuctl config init` prints one to start from") from error
    if not trusted and (barred := sorted(FORBIDDEN_IN_PROJECT & document.keys())):
        raise ConfigError(
            f"{path}: a project's file may not set {', '.join(barred)}",
            "set it in your own configuration, by a GPUCTL_ variable or by a flag, or name the file by --config",
        )
    numbers = document.pop("thresholds", {})
    for name, value in document.items():
        if name not in KEYS:
            raise ConfigError(f"{path}: unknown key {name!r}", _nearest(name, KEYS, "`gpuctl config init` lists the keys"))
        if not _fits(value, KEYS[name][0]):
            raise ConfigError(f"{path}: {name} must be {_TYPE_NAMES[KEYS[name][0]]}", KEYS[name][1])
    return document, _thresholds(path, numbers, threshold_names)


def _thresholds(path: Path, numbers: Any, names: Collection[str]) -> dict[str, float]:
    if not isinstance(numbers, dict):
        raise ConfigError(f"{path}: thresholds must be a table", "write [thresholds] on a line of its own")
    for name, value in numbers.items():
        if name not in names:
            raise ConfigError(f"{path}: unknown threshold {name!r}", _nearest(name, names, "`gpuctl config init` lists the thresholds"))
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
            raise ConfigError(f"{path}: threshold {name} must be a number that is not negative", f"write {name} = 600")
    return {name: float(value) for name, value in numbers.items()}


def _fits(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and (not isinstance(value, list) or all(isinstance(item, str) for item in value))


def _from_environment(variable: str, name: str, text: str) -> Any:
    kind = KEYS[name][0]
    if kind is list:
        return [part.strip() for part in text.split(",") if part.strip()]
    if kind is bool:
        if text.lower() not in {"1", "true", "yes", "0", "false", "no", ""}:
            raise ConfigError(f"{variable}={text!r} is neither true nor false", f"set {variable}=true or unset it")
        return text.lower() in {"1", "true", "yes"}
    return text


def _nearest(name: str, names: Iterable[str], otherwise: str) -> str:
    near = get_close_matches(name, list(names), 1)
    return f"did you mean {near[0]}?" if near else otherwise
