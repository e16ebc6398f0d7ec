"""The plugin's entry in the text of an OpenCode configuration: put in, brought up to date, taken out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import cast

from orchestrator.errors import OrchestratorError
from orchestrator.install.jsonc_edit import is_blank, member_of, root_of, with_item, with_member, without
from orchestrator.install.jsonc_text import Node

PLUGIN_FILE = "orchestrator/install/opencode_plugin.js"
"""How the path of every installed copy of the plugin ends; an entry is ours by this."""
_KEY = "plugin"


def with_entry(text: str, entry: Sequence[object]) -> str:
    """The text with the plugin listed once, as `entry`; an older entry is replaced where it stands.

    Raises OrchestratorError `broken_jsonc`, `unfit_config`.
    """
    said = json.dumps(entry, ensure_ascii=False)
    if is_blank(text):
        return f'{text}{{\n  "$schema": "https://opencode.ai/config.json",\n  "{_KEY}": [{said}]\n}}\n'
    root = root_of(text)
    plugins = _plugins(root)
    if plugins is None:
        return with_member(text, root, f'"{_KEY}": [{said}]')
    ours = _ours(text, plugins)
    if not ours:
        return with_item(text, plugins, said)
    for item in reversed(ours[1:]):
        text = without(text, plugins, item)
    if json.loads(_plain(text, ours[0])) == list(entry):
        return text
    return text[: ours[0].start] + said + text[ours[0].end :]


def without_entry(text: str, original: str | None = None) -> str:
    """The text without the plugin, everything else as it was. Raises as `with_entry`.

    A list that is empty then goes, too, where the `original` had none (None: nobody knows).
    """
    if is_blank(text):
        return text
    plugins = _plugins(root_of(text))
    for item in reversed(_ours(text, plugins) if plugins else []):
        text = without(text, plugins, item) if plugins else text
    root = root_of(text)
    rest = _plugins(root)
    if original is None or rest is None or rest.items or has_plugins(original):
        return text
    return without(text, root, rest)


def entry_in(text: str) -> list[object] | None:
    """The entry as it stands in the text, None where there is none. Raises as `with_entry`."""
    if is_blank(text):
        return None
    plugins = _plugins(root_of(text))
    ours = _ours(text, plugins) if plugins else []
    if not ours:
        return None
    value = json.loads(_plain(text, ours[0]))
    return cast("list[object]", value) if isinstance(value, list) else [value]


def has_plugins(text: str) -> bool:
    """Whether the text lists plugins. Raises as `with_entry`."""
    return not is_blank(text) and _plugins(root_of(text)) is not None


def _plugins(root: Node) -> Node | None:
    found = member_of(root, _KEY)
    if found is not None and found.items is None:
        raise OrchestratorError("unfit_config", f'"{_KEY}" is no list', "mend the file, then again")
    return found


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
