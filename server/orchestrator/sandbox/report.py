"""What the launcher reports, and which error each of its refusals is to the caller."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass

from orchestrator.ports.launcher import Command, LauncherError


@dataclass(frozen=True, slots=True)
class Started:
    """The command runs. `process_id` is its number in its own namespace; `process_bound` what limits its processes."""

    process_id: int
    level: str
    process_bound: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The command has ended and all of its subtree is reaped, but for `survivors` that cannot be killed."""

    exit_code: int | None
    signal: int | None
    duration_s: float
    cpu_s: float
    peak_rss_bytes: int
    is_timed_out: bool
    orphans_killed: int
    survivors: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The command was not run, or its end was not seen: the step that failed and the system's error number."""

    stage: str
    error_number: int


Report = Started | Ended | Refused


def parse_report(line: bytes) -> Report:
    """One line. Raises LauncherError `launcher_failed` when it is not understood."""
    try:
        word, *rest = line.decode("ascii").split()
        values = dict(item.split("=", 1) for item in rest)
        if word == "started":
            return Started(int(values["pid"]), values["level"], values["processes"])
        if word == "error":
            return Refused(values["stage"], int(values["errno"]))
        if word == "exit":
            return _ended({key: int(value) for key, value in values.items()})
    except (ValueError, KeyError) as problem:
        raise _not_understood(line) from problem
    raise _not_understood(line)


def _ended(values: dict[str, int]) -> Ended:
    return Ended(
        exit_code=values["code"] if values["code"] >= 0 else None,
        signal=values["signal"] or None,
        duration_s=values["wall_us"] / 1e6,
        cpu_s=values["cpu_us"] / 1e6,
        peak_rss_bytes=values["rss_kib"] * 1024,
        is_timed_out=bool(values["timed_out"]),
        orphans_killed=values["orphans"],
        survivors=values["survivors"],
    )


def _not_understood(line: bytes) -> LauncherError:
    return LauncherError(
        "launcher_failed",
        f"The launcher reported something that is not understood: {line[:80]!r}.",
        "Reinstall the server and its native core together; their versions differ.",
    )


def refusal_error(refused: Refused, command: Command, required: tuple[str, ...] = ()) -> LauncherError:
    """The error for a caller. Names the program, never its arguments."""
    program, number = command.argv[0], refused.error_number
    reason = os.strerror(number)
    match refused.stage, number:
        case "exec", errno.ENOENT:
            return LauncherError(
                "program_not_found",
                f"The program {program!r} does not exist, or the interpreter that it names does not.",
                "Install it, or correct the command; PATH is searched in its absolute folders only.",
            )
        case "exec", errno.E2BIG:
            return LauncherError(
                "arguments_too_long", f"The arguments of {program!r} are too long.", "Pass them through a file."
            )
        case "exec", _:
            return LauncherError(
                "program_not_executable",
                f"The program {program!r} cannot be executed: {reason}.",
                "Check its mode and its first line.",
            )
        case "cwd", _:
            return LauncherError(
                "no_such_folder",
                f"The folder {command.cwd!r} cannot be entered: {reason}.",
                "Create it, or name another folder.",
            )
        case "writable", errno.ENOENT | errno.EACCES | errno.ENOTDIR:
            return LauncherError(
                "no_such_folder",
                f"A writable folder of the command cannot be opened: {reason}.",
                f"Each of these must exist: {', '.join(command.writable)}.",
            )
        case "network", _:
            return LauncherError(
                "network_denial_unavailable",
                f"The command must run without network, which this machine does not allow to arrange: {reason}.",
                "Allow user namespaces, or allow the network for this command.",
            )
        case "isolation", _:
            return LauncherError(
                "isolation_unavailable",
                f"A PID namespace is demanded, which this machine does not grant: {reason}.",
                "Allow user namespaces, or do not demand the level.",
            )
        case "level", _:
            return LauncherError(
                "confinement_missing",
                f"The configuration demands that commands are held by {'+'.join(required)}; this machine can't do all"
                f" of it for {program!r}.",
                "`orchestrator doctor` shows what it can; allow user namespaces, or demand less in sandbox.required.",
            )
        case "killed", _:
            return LauncherError(
                "launcher_killed",
                f"The launcher of {program!r} was ended by signal {number} from outside; its subtree is gone too.",
                "Look for whoever sent it; on signal 9, for a shortage of memory.",
            )
        case "fork", _:
            return LauncherError(
                "too_many_processes",
                f"No process could be started for {program!r}: {reason}.",
                "Wait for others to end, or raise the limit of processes.",
            )
        case _:
            return LauncherError(
                "launcher_failed",
                f"The launcher could not run {program!r}: step {refused.stage!r} failed: {reason}.",
                "Report this with the name of the step.",
            )
