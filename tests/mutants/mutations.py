"""Mutations of real Python code, and which of them Python itself says break something.

The rule: a mutation counts when a use, elsewhere in the package or in the same file, breaks by it at run time. The use
is found without the product: the package is imported, every name or attribute chain in a function or at a module's top
that `symtable` calls global is evaluated in that module's namespace, and it is a use when the result is the very object
that is mutated. Then

- delete and rename break a use when its name leads to the object in the file of the definition, or is imported from
  there;
- a dropped parameter breaks a use that is a call which `inspect.Signature.bind` accepts with the parameter and refuses
  without it;
- a misspelt import breaks by itself: the module is imported, and has no such attribute and no such submodule.

What is left out is counted by its reason in `left_out`, so that a rate always stands beside what it does not speak of.
Uses that the program expects to fail (inside `try`, `if` over versions, `TYPE_CHECKING`) do not count, nor do names
that the same file binds again (a fallback definition), nor functions behind decorators for dropped parameters.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import random
import symtable
import types
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_DEFINITION = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
KINDS = ("delete", "rename", "drop-parameter", "misspell-import")


@dataclass(frozen=True)
class Mutant:
    """One change of one file: `path` is relative to the packages' root, `what` names it for people."""

    kind: str
    path: str
    source: str
    what: str


@dataclass
class Module:
    """A module of the package: its file, source, tree and, when it can be imported, its namespace."""

    path: str
    name: str
    source: str
    tree: ast.Module
    loaded: types.ModuleType
    uses: list[tuple[ast.expr, object]] = field(default_factory=list)


def load(root: Path, paths: list[str], left_out: Counter[str]) -> list[Module]:
    """Import the modules; those that can't be are left out."""
    found: list[Module] = []
    for path in paths:
        if not path.endswith(".py") or path.endswith("__main__.py"):
            left_out["files: a stub, compiled, or __main__"] += 1
            continue
        name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        try:
            loaded = importlib.import_module(name)
            source = (root / path).read_text("utf-8")
            tree = ast.parse(source)
            table = symtable.symtable(source, path, "exec")
        except BaseException:  # noqa: BLE001 - a module that does not import is no subject
            left_out["files: the module does not import here"] += 1
            continue
        if getattr(loaded, "__file__", None) != str(root / path):
            left_out["files: another file is imported under this name"] += 1
            continue
        module = Module(path, name, source, tree, loaded)
        module.uses = list(_global_uses(module, table))
        found.append(module)
    return found


def _global_uses(module: Module, table: symtable.SymbolTable) -> Iterator[tuple[ast.expr, object]]:
    """Chains whose first name is global where it stands, with the object that they are; unguarded ones only."""
    scopes: dict[tuple[int, str], list[symtable.SymbolTable]] = defaultdict(list)
    stack = [table]
    while stack:
        one = stack.pop()
        scopes[one.get_lineno(), one.get_name()].append(one)
        stack += one.get_children()

    def visit(node: ast.AST, scope: symtable.SymbolTable | None) -> Iterator[tuple[ast.expr, object]]:
        if isinstance(node, ast.Try | ast.If | ast.With | ast.AsyncWith | ast.AnnAssign | ast.arg):
            return  # guarded, or an annotation that may never be evaluated
        if isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            return
        inner = scope
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            line = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            same = scopes.get((node.lineno, node.name), []) + scopes.get((line, node.name), [])
            inner = same[0] if len({id(one) for one in same}) == 1 else None
            if inner is None:
                return
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            value = _evaluate(module, node, scope)
            if value is not None:
                yield node, value
        children = node.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else ast.iter_child_nodes(node)
        for child in children:
            yield from visit(child, inner)

    yield from visit(module.tree, table)


def _evaluate(module: Module, node: ast.expr, scope: symtable.SymbolTable | None) -> object | None:
    chain: list[str] = []
    while isinstance(node, ast.Attribute):
        chain.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or scope is None or not _is_global(scope, node.id):
        return None
    value = vars(module.loaded).get(node.id)
    for name in reversed(chain):
        if not isinstance(value, types.ModuleType):
            return None  # attributes of classes and objects are not looked at
        value = getattr(value, name, None)
    return value


def _is_global(scope: symtable.SymbolTable, name: str) -> bool:
    try:
        symbol = scope.lookup(name)
    except KeyError:
        return True
    return symbol.is_global() or scope.get_type() == "module"


def mutants(modules: list[Module], seed: int, left_out: Counter[str]) -> Iterator[Mutant]:
    """Every mutation that breaks something, in an order that the seed decides."""
    chance = random.Random(seed)  # noqa: S311 - a repeatable choice, no secret
    by_object: dict[int, list[tuple[Module, ast.expr]]] = defaultdict(list)
    for module in modules:
        for node, value in module.uses:
            by_object[id(value)].append((module, node))
    order = modules[:]
    chance.shuffle(order)
    for module in order:
        if "from __future__" not in module.source and "eval(" in module.source:
            left_out["files: evaluates text"] += 1
            continue
        written = [node for node in module.tree.body if isinstance(node, _DEFINITION)]
        definitions = [node for node in written if _is_plain(module, node)]
        unclear_count = len(written) - len(definitions)
        left_out["definitions: bound twice, replaced, or of a module with __getattr__"] += unclear_count
        chance.shuffle(definitions)
        for node in definitions:
            value = vars(module.loaded).get(node.name)
            uses = [use for use in by_object[id(value)] if not _is_inside(use, module, node)]
            importers = [other for other in modules if _imports(other, module, node.name)]
            if any(_breaks_name(use, module, node.name) for use in uses) or importers:
                yield from _removals(module, node, chance)
            else:
                left_out["definitions: Python saw no use that would break"] += 1
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                if node.decorator_list:
                    left_out["parameters: of a decorated function"] += len(node.args.args)
                else:
                    yield from _dropped(module, node, value, uses, chance, left_out)
        yield from _misspelt(module, chance, left_out)


def _is_plain(module: Module, node: ast.stmt) -> bool:
    """A definition at the top that is bound once, and is what the module has under that name."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return False
    bound = [
        part for part in ast.walk(module.tree) if isinstance(part, ast.Name | ast.alias) and _stores(part, node.name)
    ]
    again = [part for part in module.tree.body if getattr(part, "name", None) == node.name]
    value = vars(module.loaded).get(node.name)
    return (
        not bound and len(again) == 1 and getattr(value, "__module__", None) == module.name and not _is_dynamic(module)
    )


def _stores(part: ast.Name | ast.alias, name: str) -> bool:
    if isinstance(part, ast.alias):
        return (part.asname or part.name) == name
    return part.id == name and isinstance(part.ctx, ast.Store)


def _is_dynamic(module: Module) -> bool:
    """Python answers for missing names of such a module in other ways."""
    return "__getattr__" in vars(module.loaded)


def _is_inside(use: tuple[Module, ast.expr], module: Module, node: ast.stmt) -> bool:
    return use[0] is module and node.lineno <= use[1].lineno <= (node.end_lineno or node.lineno)


def _breaks_name(use: tuple[Module, ast.expr], module: Module, name: str) -> bool:
    """The use finds the object under its name in the defining file: by the bare name there, or through that module."""
    other, node = use
    if isinstance(node, ast.Name):
        return other is module and node.id == name
    return isinstance(node, ast.Attribute) and node.attr == name and _holder(other, node) is module.loaded


def _holder(module: Module, node: ast.Attribute) -> object | None:
    for candidate, value in module.uses:
        if candidate is node.value:
            return value
    return None


def _imports(other: Module, module: Module, name: str) -> bool:
    """A plain `from module import name` at the top."""
    for node in other.tree.body:
        if isinstance(node, ast.ImportFrom) and any(alias.name == name for alias in node.names):
            base = other.name if other.path.endswith("__init__.py") else other.name.rpartition(".")[0]
            target = node.module or ""
            if node.level:
                parts = base.split(".")
                target = ".".join([*parts[: len(parts) - node.level + 1], *([node.module] if node.module else [])])
            if target == module.name:
                return True
    return False


def _removals(
    module: Module, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, chance: random.Random
) -> Iterator[Mutant]:
    lines = module.source.splitlines(keepends=True)
    start = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) - 1
    without = [*lines[:start], "\n", *lines[node.end_lineno :]]
    yield Mutant("delete", module.path, "".join(without), node.name)
    new = f"{node.name}_{chance.choice(('new', 'renamed', 'v2'))}"
    at = node.lineno - 1
    head = lines[at].replace(node.name, new, 1)
    yield Mutant("rename", module.path, "".join([*lines[:at], head, *lines[at + 1 :]]), f"{node.name} to {new}")


def _dropped(  # noqa: PLR0917 - what a mutation is made from
    module: Module,
    node: ast.FunctionDef | ast.AsyncFunctionDef,
    value: object,
    uses: list[tuple[Module, ast.expr]],
    chance: random.Random,
    left_out: Counter[str],
) -> Iterator[Mutant]:
    try:
        signature = inspect.signature(value)  # pyright: ignore[reportArgumentType] - a function by its node
    except (TypeError, ValueError):
        return
    calls = [call for other, use in uses for call in [_call_of(other, use)] if call is not None]
    names = [argument.arg for argument in [*node.args.args, *node.args.kwonlyargs]]
    chance.shuffle(names)
    left_out["parameters: more than two of a function"] += len(names[2:])
    for name in names[:2]:
        rest = signature.replace(parameters=[one for one in signature.parameters.values() if one.name != name])
        if any(_binds(signature, call) and not _binds(rest, call) for call in calls):
            source = _without_parameter(module.source, node, name)
            if source is not None:
                yield Mutant("drop-parameter", module.path, source, f"{name} of {node.name}")
            else:
                left_out["parameters: the head is not one statement of its own"] += 1
        else:
            left_out["parameters: Python saw no call that would break"] += 1


def _call_of(module: Module, use: ast.expr) -> ast.Call | None:
    if not hasattr(module, "_calls"):
        calls = {id(node.func): node for node in ast.walk(module.tree) if isinstance(node, ast.Call)}
        module._calls = calls  # pyright: ignore[reportAttributeAccessIssue] - a cache
    return module._calls.get(id(use))  # pyright: ignore[reportAttributeAccessIssue] - as above


def _binds(signature: inspect.Signature, call: ast.Call) -> bool:
    if any(isinstance(argument, ast.Starred) for argument in call.args) or any(k.arg is None for k in call.keywords):
        return True
    try:
        signature.bind(*call.args, **{keyword.arg or "": None for keyword in call.keywords})
    except TypeError:
        return False
    return True


def _without_parameter(source: str, node: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> str | None:
    """The source with the function's head written anew, its body as it was."""
    mutated = ast.parse(ast.unparse(node)).body[0]
    assert isinstance(mutated, ast.FunctionDef | ast.AsyncFunctionDef)
    arguments = mutated.args
    at = [one.arg for one in arguments.args].index(name) if name in [one.arg for one in arguments.args] else None
    if at is not None:
        from_end = len(arguments.args) - at
        if from_end <= len(arguments.defaults):
            arguments.defaults.pop(len(arguments.defaults) - from_end)
        arguments.args.pop(at)
    else:
        at = [one.arg for one in arguments.kwonlyargs].index(name)
        arguments.kwonlyargs.pop(at)
        arguments.kw_defaults.pop(at)
    mutated.body = [ast.Pass()]
    head = ast.unparse(mutated).rsplit("pass", 1)[0].rstrip()
    lines = source.splitlines(keepends=True)
    first = node.body[0]
    if first.lineno == node.lineno or len(head.splitlines()) != 1:
        return None
    return "".join([*lines[: node.lineno - 1], head + "\n", *lines[first.lineno - 1 :]])


def _misspelt(module: Module, chance: random.Random, left_out: Counter[str]) -> Iterator[Mutant]:
    """A letter doubled or two swapped in the name of an import at the top."""
    imports = [node for node in module.tree.body if isinstance(node, ast.ImportFrom) and node.module != "__future__"]
    chance.shuffle(imports)
    lines = module.source.splitlines(keepends=True)
    left_out["imports: more than three of a file"] += len(imports[3:])
    for node in imports[:3]:
        alias = chance.choice(node.names)
        if alias.name == "*" or len(alias.name) < 4 or alias.lineno != alias.end_lineno:
            left_out["imports: a star, or a name of fewer than four letters"] += 1
            continue
        at = chance.randrange(1, len(alias.name) - 1)
        wrong = alias.name[:at] + alias.name[at + 1] + alias.name[at] + alias.name[at + 2 :]
        if wrong == alias.name:
            wrong = alias.name[:at] + alias.name[at] + alias.name[at:]
        target = _target(module, node)
        if target is None or hasattr(target, wrong) or "__getattr__" in vars(target):
            left_out["imports: the module does not import, or answers for any name"] += 1
            continue
        line = lines[alias.lineno - 1]
        start = len(line.encode()[: alias.col_offset].decode())
        mutated = line[:start] + wrong + line[start + len(alias.name) :]
        source = "".join([*lines[: alias.lineno - 1], mutated, *lines[alias.lineno :]])
        yield Mutant("misspell-import", module.path, source, f"{alias.name} as {wrong} from {target.__name__}")


def _target(module: Module, node: ast.ImportFrom) -> types.ModuleType | None:
    package = module.name if module.path.endswith("__init__.py") else module.name.rpartition(".")[0]
    name = "." * node.level + (node.module or "")
    try:
        return importlib.import_module(name, package if node.level else None)
    except BaseException:  # noqa: BLE001 - the target does not import
        return None
