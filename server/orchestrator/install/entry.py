"""The plugin's entry in the text of an OpenCode configuration: put in, brought up to date, taken out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import cast

from orchestrator.errors import OrchestratorError
from orchestrator.install.jsonc_text import Node, parse, same_line_end

PLUGIN_FILE = "orchestrator/install/opencode_plugin.js"
"""How the path of every installed copy of the plugin ends; an entry is ours by this."""
_KEY = "plugin"


def with_entry(text: str, entry: Sequence[object]) -> str:
    """The text with the plugin listed once, as `entry`; an older entry is replaced where it stands.

    Raises OrchestratorError `broken_jsonc`, `unfit_config`.
    """
    said = json.dumps(entry, ensure_ascii=False)
    if not text.strip("\ufeff \t\r\n"):
        return f'{text}{{\n  "$schema": "https://opencode.ai/config.json",\n  "{_KEY}": [{said}]\n}}\n'
    root = _root(text)
    plugins = _plugins(root)
    if plugins is None:
        return _with_key(text, root, f'"{_KEY}": [{said}]')
    ours = _ours(text, plugins)
    if not ours:
        return _with_item(text, plugins, said)
    for item in reversed(ours[1:]):
        text = _without(text, plugins, item)
    if json.loads(_plain(text, ours[0])) == list(entry):
        return text
    return text[: ours[0].start] + said + text[ours[0].end :]


def without_entry(text: str) -> str:
    """The text without the plugin, everything else as it was. Raises as `with_entry`."""
    if not text.strip("\ufeff \t\r\n"):
        return text
    plugins = _plugins(_root(text))
    for item in reversed(_ours(text, plugins) if plugins else []):
        text = _without(text, plugins, item) if plugins else text
    return text


def entry_in(text: str) -> list[object] | None:
    """The entry as it stands in the text, None where there is none. Raises as `with_entry`."""
    if not text.strip("\ufeff \t\r\n"):
        return None
    plugins = _plugins(_root(text))
    ours = _ours(text, plugins) if plugins else []
    if not ours:
        return None
    value = json.loads(_plain(text, ours[0]))
    return cast("list[object]", value) if isinstance(value, list) else [value]


def has_plugins(text: str) -> bool:
    """Whether the text lists plugins. Raises as `with_entry`."""
    return bool(text.strip("\ufeff \t\r\n")) and _plugins(_root(text)) is not None


def _root(text: str) -> Node:
    root = parse(text)
    if root.members is None:
        raise OrchestratorError("unfit_config", "the configuration is no object", "mend the file, then again")
    return root


def _plugins(root: Node) -> Node | None:
    """The list of plugins; of two keys of the same name the last counts."""
    found = [node for name, node in root.members or () if name == _KEY]
    if not found:
        return None
    if found[-1].items is None:
        raise OrchestratorError("unfit_config", f'"{_KEY}" is no list', "mend the file, then again")
    return found[-1]


def _ours(text: str, plugins: Node) -> list[Node]:
    found: list[Node] = []
    for item in plugins.items or ():
        first = item.items[0] if item.items else item
        if text[first.start : first.start + 1] == '"' and json.loads(
            text[first.start : first.end], strict=False
        ).replace("\\", "/").endswith(PLUGIN_FILE):
            found.append(item)
    return found


def _plain(text: str, item: Node) -> str:
    """An entry of ours as JSON, whatever comments somebody wrote into it."""
    if item.items is None and item.members is None:
        return text[item.start : item.end]
    if item.items is not None:
        return f"[{','.join(_plain(text, inner) for inner in item.items)}]"
    return f"{{{','.join(f'{json.dumps(name)}:{_plain(text, inner)}' for name, inner in item.members or ())}}}"


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _indent(text: str, offset: int) -> str | None:
    """The blanks before `offset` if nothing else stands before it on its line."""
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    return line if not line.strip("\ufeff \t") and "\n" in text[:offset] else None


def _with_key(text: str, root: Node, member: str) -> str:
    """Put a member first."""
    inside = same_line_end(text, root.start + 1)
    newline = _newline(text)
    first = root.members[0][1] if root.members else None
    if text[inside : inside + 1] not in {"\r", "\n"}:
        if first is None:
            return f"{text[: root.start + 1]}{member}{text[root.start + 1 :]}"
        return f"{text[: root.start + 1]}{member}, {text[root.start + 1 :].lstrip(' ')}"
    indent = _indent(text, _name_start(text, first)) if first else None
    comma = "," if first else ""
    return f"{text[:inside]}{newline}{indent or '  '}{member}{comma}{text[inside:]}"


def _name_start(text: str, value: Node) -> int:
    """Where the line begins, behind its blanks, on which the name of a member stands."""
    name_end = text.rfind('"', 0, value.start)
    start = text.rfind("\n", 0, name_end) + 1
    return start + len(text[start:name_end]) - len(text[start:name_end].lstrip(" \t"))


def _with_item(text: str, plugins: Node, said: str) -> str:
    """Put an item last."""
    items = plugins.items or []
    if not items:
        return f"{text[: plugins.start + 1]}{said}{text[plugins.start + 1 :]}"
    last = items[-1]
    has_comma = len(plugins.commas) == len(items)
    behind = plugins.commas[-1] + 1 if has_comma else last.end
    line_end = same_line_end(text, behind)
    comma = "" if has_comma else ","
    indent = _indent(text, last.start)
    if indent is not None and text[line_end : line_end + 1] in {"\r", "\n"}:
        item = f"{_newline(text)}{indent}{said}{',' if has_comma else ''}"
        return f"{text[:behind]}{comma}{text[behind:line_end]}{item}{text[line_end:]}"
    return f"{text[:behind]}{comma} {said}{',' if has_comma else ''}{text[behind:]}"


def _without(text: str, plugins: Node, item: Node) -> str:
    """Take an item out, with one comma and the blanks before it."""
    index = (plugins.items or []).index(item)
    start = len(text[: item.start].rstrip(" \t\r\n"))
    end = item.end
    if index < len(plugins.commas):
        end = plugins.commas[index] + 1
        if start == plugins.start + 1 and "\n" not in text[start : item.start]:
            start = item.start
            end += len(text[end:]) - len(text[end:].lstrip(" "))
    elif index:
        comma = plugins.commas[index - 1]
        return text[:comma] + text[comma + 1 : max(start, comma + 1)] + text[end:]
    if not plugins.commas and "\n" not in text[start : item.start]:
        start = item.start
    return text[:start] + text[end:]
