"""Edits of a JSONC text that touch nothing but what they put in or take out."""

from __future__ import annotations

from orchestrator.errors import OrchestratorError
from orchestrator.install.jsonc_text import Node, parse, same_line_end


def is_blank(text: str) -> bool:
    """Whether nothing stands in it."""
    return not text.strip("\ufeff \t\r\n")


def root_of(text: str) -> Node:
    """The object that the text is. Raises OrchestratorError `broken_jsonc`, `unfit_config`."""
    root = parse(text)
    if root.members is None:
        raise OrchestratorError("unfit_config", "the configuration is no object", "mend the file, then again")
    return root


def member_of(node: Node, name: str) -> Node | None:
    """The value of a member; of two of the same name the last counts."""
    found = [value for key, value in node.members or () if key == name]
    return found[-1] if found else None


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _indent(text: str, offset: int) -> str | None:
    """The blanks before `offset` if nothing else stands before it on its line."""
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    return line if not line.strip("\ufeff \t") and "\n" in text[:offset] else None


def with_member(text: str, root: Node, member: str) -> str:
    """Put a member first into an object."""
    inside = same_line_end(text, root.start + 1)
    newline = _newline(text)
    first = root.members[0][1] if root.members else None
    if text[inside : inside + 1] not in {"\r", "\n"}:
        if first is None:
            return f"{text[: root.start + 1]}{member}{text[root.start + 1 :]}"
        return f"{text[: root.start + 1]}{member}, {text[root.start + 1 :].lstrip(' ')}"
    indent = _indent(text, _name_start(text, first)) if first else _deeper(text, root)
    comma = "," if first else ""
    return f"{text[:inside]}{newline}{indent or '  '}{member}{comma}{text[inside:]}"


def _deeper(text: str, node: Node) -> str:
    """The blanks of a member of an object that has none yet: two more than its line begins with."""
    line = text[text.rfind("\n", 0, node.start) + 1 :]
    return line[: len(line) - len(line.lstrip(" \t"))] + "  "


def _name_start(text: str, value: Node) -> int:
    """Where the line begins, behind its blanks, on which the name of a member stands."""
    name_end = text.rfind('"', 0, value.start)
    start = text.rfind("\n", 0, name_end) + 1
    return start + len(text[start:name_end]) - len(text[start:name_end].lstrip(" \t"))


def with_item(text: str, plugins: Node, said: str) -> str:
    """Put an item last into a list."""
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


def without(text: str, container: Node, part: Node) -> str:
    """Take an item out of a list, or a member out of an object, with one comma and the blanks before it."""
    parts = container.items if container.items is not None else [value for _, value in container.members or ()]
    index = parts.index(part)
    begin, end = part.name_start, part.end
    start = len(text[:begin].rstrip(" \t\r\n"))
    if index < len(container.commas):
        end = container.commas[index] + 1
        if start == container.start + 1 and "\n" not in text[start:begin]:
            start = begin
            end += len(text[end:]) - len(text[end:].lstrip(" "))
    elif index:
        comma = container.commas[index - 1]
        return text[:comma] + text[comma + 1 : max(start, comma + 1)] + text[end:]
    if not container.commas and "\n" not in text[start:begin]:
        start = begin
    return text[:start] + text[end:]
