"""The TypeScript types compile, and take and refuse what the golden frames say."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from committed import ROOT, read
from jsonschema import Draft202012Validator

from orchestrator_protocol.methods import METHODS
from orchestrator_protocol.wire import Params

TYPES = ROOT / "protocol/typescript"
BUNDLE = read("schema/protocol.schema.json")
SEEN_BY_TYPES = {"required", "additionalProperties", "enum", "const"}
"""What a type can refuse; lengths, bounds and patterns it can't."""


CLIENT = """
function commit(event: P.MissionEvent): string {
  return event.type === "snapshot.taken" ? event.data.commit : "";
}
const methods: Record<keyof typeof P.COMMANDS, keyof (P.Requests & P.Notifications)> = {} as typeof P.COMMANDS;
void commit; void methods;
"""
"""An event is narrowed by its type, a command by its name."""


def tsc(node_modules: Path, folder: Path, *more: str) -> str:
    """What the compiler says ("" when all is well)."""
    command = ["node", node_modules / "typescript/bin/tsc", "--project", folder, "--pretty", "false", *more]
    return subprocess.run(command, capture_output=True, check=False, timeout=110, text=True).stdout


def project(folder: Path, source: str) -> Path:
    """A project of one file that uses the types strictly."""
    head = f'import type * as P from "{TYPES}/index.js";\n'
    head += "export type All = P.Requests & P.Notifications & P.ServerRequests & P.ServerNotifications;\n"
    (folder / "frames.ts").write_text(head + source, encoding="utf-8")
    options = {"extends": str(TYPES / "tsconfig.json"), "include": ["frames.ts"]}
    (folder / "tsconfig.json").write_text(json.dumps(options))
    return folder


def test_the_types_compile(node_modules: Path) -> None:
    assert tsc(node_modules, TYPES) == ""


def test_golden_frames_are_values_of_the_types(node_modules: Path, tmp_path: Path, golden: dict[str, Any]) -> None:
    lines: list[str] = []
    for method, cases in golden["requests"].items():
        write = strict if issubclass(METHODS[method].params, Params) else loose
        lines += [write(frame, f'All["{method}"]["params"]') for frame in cases["valid"]]
    for method, frames in golden["results"].items():
        lines += [loose(frame, f'All["{method}"]["result"]') for frame in frames]
    lines += [loose(event, "P.MissionEvent") for event in golden["events"]]
    lines.append(CLIENT)
    assert len(lines) > 20
    assert tsc(node_modules, project(tmp_path, "".join(lines))) == ""


def test_frames_that_do_not_fit_are_refused(node_modules: Path, tmp_path: Path, golden: dict[str, Any]) -> None:
    lines: list[str] = []
    for method, cases in golden["requests"].items():
        lines += [
            "// @ts-expect-error\n" + strict(case["params"], f'All["{method}"]["params"]')
            for case in cases["invalid"]
            if is_seen_by_types(METHODS[method].params.__name__, case["params"])
        ]
    assert len(lines) > 10
    assert tsc(node_modules, project(tmp_path, "".join(lines))) == ""


def test_mistakes_of_a_client_are_found(node_modules: Path, tmp_path: Path) -> None:
    source = """
    const e = {} as P.MissionEvent;
    if (e.type === "mission.started") e.data.commit;
    if (e.type === "mission.nonsense") e;
    const a: P.Requests["mission/nonsense"] = 1;
    const n: P.ErrorName = "no_such_name";
    """
    said = tsc(node_modules, project(tmp_path, source))
    for line, words in (
        (5, "'commit' does not exist"),
        (6, "no overlap"),
        (7, "mission/nonsense"),
        (8, "no_such_name"),
    ):
        assert any(f"frames.ts({line}," in text and words in text for text in said.splitlines()), (line, said)


def strict(frame: object, kind: str) -> str:
    """A literal, so that unknown fields are refused."""
    return f"void ({json.dumps(frame)} satisfies {kind});\n"


def loose(frame: object, kind: str) -> str:
    """A value that may have more fields than the type."""
    return f"{{ const value = {json.dumps(frame)} as const; void (value satisfies {kind}); }}\n"


def is_seen_by_types(shape: str, params: Any) -> bool:
    validator = Draft202012Validator({"$ref": f"#/$defs/{shape}", "$defs": BUNDLE["$defs"]})
    return any(
        error.validator in SEEN_BY_TYPES or (error.validator == "type" and error.validator_value != "integer")
        for error in validator.iter_errors(params)
    )
