"""`gpuctl doctor`: diagnose, and print ranked advice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final, get_args

import typer

from gpuctl.cli import console
from gpuctl.cli.options import (
    AllNamespaces,
    As,
    AsGroup,
    AsUid,
    ConfigFile,
    Context,
    Deadline,
    Demo,
    FailOn,
    From,
    Kubeconfig,
    Namespace,
    Only,
    Output,
    RequestTimeout,
    Selector,
    Skip,
    Verbose,
    command_group,
    instant,
    listed,
    write,
)
from gpuctl.cli.reading import collected, configuration, request, within_grace
from gpuctl.errors import ConfigError, InputError
from gpuctl.reports.text import StyleName

if TYPE_CHECKING:
    from gpuctl.config import Config
    from gpuctl.model.snapshot import Snapshot
    from gpuctl.pipeline import Choice
    from gpuctl.reports.report import Report

app = command_group("Diagnose a cluster: what is broken, ranked by what fixing it wins.")

_DEFAULT_FAIL_ON: Final = "high"


@app.command()
def doctor(
    nodes: Annotated[
        list[str] | None, typer.Argument(metavar="NODE...", help="Report on these nodes only: names or host sets, gpu[001-004].")
    ] = None,
    from_: From = None,
    demo: Demo = False,
    context: Context = None,
    kubeconfig: Kubeconfig = None,
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    selector: Selector = None,
    as_user: As = None,
    as_groups: AsGroup = None,
    as_uid: AsUid = None,
    request_timeout: RequestTimeout = None,
    deadline: Deadline = None,
    output: Output = None,
    fail_on: Annotated[
        FailOn | None, typer.Option("--fail-on", help="Exit 1 when a finding is at least this severe. Default high.", show_default=False)
    ] = None,
    fail_on_unknown: Annotated[bool, typer.Option("--fail-on-unknown", help="Exit 3 when anything could not be assessed.")] = False,
    only: Only = None,
    skip: Skip = None,
    waivers: Annotated[
        str | None, typer.Option("--waivers", metavar="FILE", help="Leave out the findings that this TOML file waives, and say which.")
    ] = None,
    baseline: Annotated[
        str | None, typer.Option("--baseline", metavar="FILE", help="Leave out the findings of an earlier report (-o json), and say which.")
    ] = None,
    config_file: ConfigFile = None,
    now: Annotated[str | None, typer.Option("--now", metavar="TIME", help="Judge as of this time, such as 2026-11-24T09:00:00Z.")] = None,
    verbose: Verbose = 0,
) -> int:
    """Diagnose a cluster: what is broken, ranked by what fixing it wins, with evidence, commands, and what those interrupt.

    Without a source named, the cluster that kubectl would ask. Exit codes: 0 nothing at or above --fail-on, 1 something,
    2 wrong use or no source usable, 3 too little could be assessed, 4 internal error, 130 interrupted.
    """
    from gpuctl.cli.selector import parse  # noqa: PLC0415
    from gpuctl.pipeline import check  # noqa: PLC0415
    from gpuctl.reports.render import render  # noqa: PLC0415

    config = configuration(config_file)
    flags: dict[str, Any] = {
        "output": output,
        "fail_on": fail_on,
        "fail_on_unknown": fail_on_unknown or None,
        "only": listed(only) or None,
        "skip": listed(skip) or None,
        "waivers": waivers,
        "baseline": baseline,
        "namespace": namespace,
    }
    wanted = {name: value if value is not None else config.get(name) for name, value in flags.items()}
    style_name = _one_of(config, "output", wanted["output"] or "table", get_args(StyleName))
    bar = _one_of(config, "fail_on", wanted["fail_on"] or ("never" if demo else _DEFAULT_FAIL_ON), get_args(FailOn))
    choice = _choice(config, wanted, now)
    check(choice)
    parse(selector or "")
    if not all_namespaces:
        choice = replace(choice, namespace=wanted["namespace"])
    asked = request(
        config,
        from_=from_,
        demo=demo,
        context=context,
        kubeconfig=kubeconfig,
        namespace=wanted["namespace"],
        as_user=as_user,
        as_groups=as_groups,
        as_uid=as_uid,
        request_timeout=request_timeout,
        deadline=deadline,
        verbose=verbose,
    )
    snapshot = collected(asked)
    report = _judged(snapshot, replace(choice, live=asked.asks_cluster), nodes or [], selector)
    write(render(report, style_name, console.style(verbose)))
    return _code(report, bar, bool(wanted["fail_on_unknown"]))


def _choice(config: Config, wanted: dict[str, Any], now: str | None) -> Choice:
    from gpuctl import waivers  # noqa: PLC0415
    from gpuctl.pipeline import Choice  # noqa: PLC0415

    baseline = wanted["baseline"]
    return Choice(
        as_of=instant("--now", now) if now is not None else None,
        only=tuple(wanted["only"] or ()),
        skip=tuple(wanted["skip"] or ()),
        waivers=waivers.load(wanted["waivers"]) if wanted["waivers"] else (),
        baseline=baseline,
        known=_known(baseline) if baseline else frozenset(),
        thresholds={name: setting.value for name, setting in config.thresholds.items()},
    )


def _judged(snapshot: Snapshot, choice: Choice, sets: list[str], selector: str | None) -> Report:
    from msgspec import structs  # noqa: PLC0415

    from gpuctl.cli.hosts import chosen  # noqa: PLC0415
    from gpuctl.pipeline import examine, sketch  # noqa: PLC0415

    if snapshot.nodes is not None or not snapshot.interrupted:
        choice = replace(choice, nodes=chosen(snapshot, sets, selector))
    if snapshot.interrupted:
        return within_grace(lambda: examine(snapshot, choice), lambda: sketch(snapshot, choice))
    progress = console.Progress("judging")
    try:
        return examine(snapshot, choice, progress)
    except KeyboardInterrupt:
        return sketch(structs.replace(snapshot, interrupted=True), choice)
    finally:
        progress.close()


def _one_of(config: Config, name: str, value: str, choices: tuple[str, ...]) -> Any:
    """A value that a file or variable may have set to something that is no choice."""
    if value not in choices:
        origin = config.settings[name].origin
        raise ConfigError(f"{origin}: {name} cannot be {value!r}", f"it is one of {', '.join(choices)}")
    return value


def _known(path: str) -> frozenset[str]:
    """Ids of the findings of an earlier report."""
    import json  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    try:
        report = json.loads(Path(path).read_bytes())
        return frozenset(str(finding["id"]) for finding in report["findings"])
    except OSError as error:
        raise InputError(f"baseline {path!r}: {error.strerror}", "name a file that exists and may be read") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"baseline {path!r} is no report", "give a file that `gpuctl doctor -o json` wrote") from error


def _code(report: Report, fail_on: str, fail_on_unknown: bool) -> int:
    from gpuctl.findings import Severity  # noqa: PLC0415
    from gpuctl.pipeline import exit_code  # noqa: PLC0415

    return exit_code(report, None if fail_on == "never" else Severity(fail_on), fail_on_unknown)
