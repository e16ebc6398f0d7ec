"""What the cross-file checks find, and what they leave alone; the index's questions; the gate against a base."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator import native
from orchestrator.domain.words import Stage, Verdict
from orchestrator.review.script_project import read_projects
from orchestrator.review.sources import all_paths
from orchestrator.review.sync import build_index

NOWHERE = {"PATH": "/nonexistent"}


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")


def index_of(root: Path, previous: native.SymbolIndex | None = None) -> native.SymbolIndex:
    return build_index(str(root), all_paths(str(root)), str(root), NOWHERE, previous)


def found(root: Path, files: dict[str, str]) -> list[tuple[str, str]]:
    write(root, files)
    return [(one.rule, one.text) for one in index_of(root).check()]


CORE = {
    "app/__init__.py": "from app.core import add as plus\nfrom app.more import *\n",
    "app/core.py": (
        "import functools\nfrom typing import overload\nfrom dataclasses import dataclass, field\n\n\n"
        "def add(a, b=1, *, loud=False):\n    return a + b\n\n\n"
        "@functools.cache\ndef cached(a):\n    return a\n\n\n"
        "@overload\ndef many(a: int) -> int: ...\n@overload\ndef many(a: str, b: str) -> str: ...\n"
        "def many(a, b=None):\n    return a\n\n\n"
        "@dataclass\nclass Point:\n    x: int\n    y: int = 0\n    z: list = field(default_factory=list)\n\n\n"
        "class Shape:\n    sides = 0\n\n    def __init__(self, name):\n        self.name = name\n\n"
        "    def area(self, scale=1):\n        return scale\n\n    @classmethod\n    def make(cls, name):\n"
        "        return cls(name)\n\n\n"
        "class Square(Shape):\n    def side(self):\n        return self.area(2), self.name, self.sides\n"
    ),
    "app/more.py": "__all__ = ['visible']\n\n\ndef visible():\n    return 1\n\n\ndef hidden():\n    return 2\n",
    "app/lazy.py": "def __getattr__(name):\n    return name\n",
    "app/both.py": "try:\n    from fast import speed\nexcept ImportError:\n    def speed(a):\n        return a\n",
    "app/space/part.py": "X = 1\n",
}


@pytest.mark.parametrize(
    "code",
    [
        "from app import plus, visible, core\nplus(1, 2, loud=True)\nvisible()\ncore.add(1)",
        "from app.core import add\nadd(*[1, 2, 3])\nadd(**{'q': 1})\nadd(1, b=2)",
        "from app.core import many, cached\nmany(1)\nmany('a', 'b')\ncached(1)",
        (
            "from app.core import Point, Shape, Square\nPoint(1)\nPoint(1, 2, [])\nShape.make('a')\n"
            "Square(name='b').anything"
        ),
        "from app.lazy import whatever\nfrom app import lazy\nlazy.other()",
        "from app.both import speed\nspeed(1)\nspeed(1, 2)",
        "from app.space import part\nimport app.space.part\napp.space.part.X",
        "try:\n    from app.core import gone\nexcept ImportError:\n    gone = None",
        "from app import core\nif hasattr(core, 'gone'):\n    core.gone()",
        "from app import core\ncore.patched = 1\ncore.patched",
        "def f(add):\n    add(1, 2, 3, 4)\n    return [x for x in add if x]",
        (
            "class A:\n    size = 1\n    def f(self, n=size):\n        return n, __class__\n"
            "    doubled = [size for _ in 'ab']"
        ),
        "match [1]:\n    case [x, *rest] if x:\n        print(x, rest)\n    case {'k': v, **kw}:\n        print(v, kw)",
        "def f[T](x: T) -> T:\n    return x\ntype Pair[K] = tuple[K, K]",
        (
            "if (n := 10) > 5:\n    print(n)\nwith open('f') as (a, b):\n    print(a, b)\n"
            "for i, (j, *k) in []:\n    print(i, j, k)"
        ),
        "import sys\nif sys.version_info < (3,):\n    print(nothing_here)",
        "from os.path import *\nprint(join('a'))",
        "globals()['made'] = 1\nprint(made)",
    ],
)
def test_right_python_is_left_alone(tmp_path: Path, code: str) -> None:
    assert found(tmp_path, CORE | {"app/new.py": code + "\n"}) == []


@pytest.mark.parametrize(
    ("code", "rule", "text"),
    [
        ("from app.core import ad", "missing-name", "ad"),
        ("from app import hidden", "missing-name", "hidden"),
        ("from .core import gone", "missing-name", "gone"),
        ("from . import cores", "missing-name", "cores"),
        ("from app import core\ncore.subtract(1)", "missing-attribute", "core.subtract"),
        ("import app.core\napp.core.subtract(1)", "missing-attribute", "app.core.subtract"),
        ("from app.core import add\nadd()", "wrong-arguments", "add"),
        ("from app import plus\nplus(1, 2, 3)", "wrong-arguments", "plus"),
        ("from app.core import add\nadd(1, loudly=True)", "wrong-arguments", "add"),
        ("from app.core import add\nadd(1, a=2)", "wrong-arguments", "add"),
        ("from app.core import cached\ncached()", "wrong-arguments", "cached"),
        ("from app.core import many\nmany(1, 2, 3)", "wrong-arguments", "many"),
        ("from app.core import Point\nPoint()", "wrong-arguments", "Point"),
        ("from app.core import Square\nSquare()", "wrong-arguments", "Square"),
        ("from app.core import Shape\nShape.make()", "wrong-arguments", "Shape.make"),
        ("from app.core import Shape\nShape.mak('a')", "missing-attribute", "Shape.mak"),
        (
            "from app.core import Shape\nclass C(Shape):\n    def f(self):\n        self.are()",
            "missing-attribute",
            "self.are",
        ),
        (
            "from app.core import Shape\nclass C(Shape):\n    def f(self):\n        self.area(1, 2)",
            "wrong-arguments",
            "self.area",
        ),
        ("def f():\n    return undefined_thing", "undefined-name", "undefined_thing"),
        ("async def f(x):\n    async with x as y:\n        return [z for z in y if w]", "undefined-name", "w"),
    ],
)
def test_wrong_python_is_found(tmp_path: Path, code: str, rule: str, text: str) -> None:
    assert found(tmp_path, CORE | {"app/new.py": code + "\n"}) == [(rule, text)]


SCRIPTS = {
    "package.json": '{"name": "web"}',
    "tsconfig.json": '{"compilerOptions": {"baseUrl": ".", "paths": {"@/*": ["src/*"]}}}',
    "src/math.ts": "export function add(a: number, b: number, c?: number): number { return a + b }\n"
    "export const twice = (a: number) => a * 2\nexport default class Sum {}\nexport type Pair = [number, number]\n",
    "src/index.ts": "export * from './math'\nexport { add as plus } from './math'\nexport * as math from './math.js'\n",
    "src/common.js": "function one() {}\nmodule.exports = { one, two: 2 }\n",
    "src/dynamic.js": "module.exports = require('./common')\n",
}


@pytest.mark.parametrize(
    "code",
    [
        "import Sum, { add, twice, type Pair } from './math'; add(1, 2); add(1, 2, 3); twice(...[1])",
        "import { plus, math, twice } from '@/index'; math.add(1, 2); plus(1, 2)",
        "import * as all from 'src/index.js'; all.add(1, 2)",
        "const { one, two } = require('./common'); const d = require('./dynamic'); d.anything",
        "import { x } from './data.json'; import { y } from 'somewhere'",
    ],
)
def test_right_scripts_are_left_alone(tmp_path: Path, code: str) -> None:
    assert found(tmp_path, SCRIPTS | {"src/new.ts": code + "\n"}) == []


@pytest.mark.parametrize(
    ("code", "rule", "text"),
    [
        ("import { ad } from './math'", "missing-name", "ad"),
        ("import { Sum } from '@/math'", "missing-name", "Sum"),
        ("import all from './index'", "missing-name", "default"),
        ("import * as m from './math'; m.gone()", "missing-attribute", "m.gone"),
        ("export { gone } from './math'", "missing-name", "gone"),
        ("import { add } from './math'; add(1)", "wrong-arguments", "add"),
        ("import { plus } from './index'; plus(1, 2, 3, 4)", "wrong-arguments", "plus"),
        ("const { three } = require('./common')", "missing-name", "three"),
    ],
)
def test_wrong_scripts_are_found(tmp_path: Path, code: str, rule: str, text: str) -> None:
    assert found(tmp_path, SCRIPTS | {"src/new.ts": code + "\n"}) == [(rule, text)]


UNCERTAIN = {
    "two stars bring one name": {
        "lib/__init__.py": "from lib.one import *\nfrom lib.two import *\n",
        "lib/one.py": "from lib import tree\n",
        "lib/two.py": "from lib.other import tree\n",
        "lib/tree.py": "",
        "lib/other/__init__.py": "",
        "lib/other/tree.py": "def grow(): ...\n",
        "use.py": "import lib\nlib.tree.grow()\n",
    },
    "a star that can't be read": {
        "lib/__init__.py": "from lib.one import *\nfrom nowhere_at_all import *\n",
        "lib/one.py": "def f(a): ...\n",
        "use.py": "import lib\nlib.f()\nlib.g()\n",
    },
    "a star below a definition": {
        "lib/__init__.py": "def f(a): ...\n\nfrom lib.fast import *\n",
        "lib/fast.py": "def f(a, b): ...\n",
        "use.py": "from lib import f\nf(1, 2)\n",
    },
    "modules that star-import each other": {
        **{
            f"lib/m{at}.py": "".join(f"from lib.m{other} import *\n" for other in range(8) if other != at)
            for at in range(8)
        },
        "lib/__init__.py": "",
        "lib/m0.py": "from nowhere_at_all import *\nfrom lib.m1 import *\n",
        "use.py": "from lib.m3 import anything\n",
    },
    "the order of lookup among several bases": {
        "shapes.py": (
            "class Base:\n    def __init__(self, a): ...\n\n\nclass Lazy(Base):\n    pass\n\n\n"
            "class Wide(Base):\n    def __init__(self, a, b): ...\n\n\n"
            "class Both(Lazy, Wide):\n    pass\n\n\nBoth(1, 2)\n"
        ),
    },
    "a base that changes how its subclasses are made": {
        "made.py": (
            "class A:\n    def __init_subclass__(cls): ...\n    def __init__(self): ...\n\n\n"
            "class B(A):\n    pass\n\n\nB(1)\n"
        ),
    },
    "attributes written through __dict__": {
        "bag.py": (
            "class Bag:\n    def __init__(self, **all):\n        self.__dict__.update(all)\n\n"
            "    def f(self):\n        return self.any\n"
        ),
    },
    "a module that writes its own names": {
        "own.py": "def f(a): ...\n\n\nfor name in ('f',):\n    globals()[name] = print\n",
        "use.py": "from own import f\nf(1, 2, 3)\n",
    },
    "a package that looks elsewhere for its modules": {
        "lib/__init__.py": "__path__ = ['/elsewhere']\n",
        "use.py": "from lib import anything\n",
    },
    "a module that a build makes": {
        "lib/__init__.py": "",
        "lib/speed.pyx": "",
        "use.py": "from lib import speed\n",
    },
    "a stub": {"lib.pyi": "def f(a: Nothing) -> Gone: ...\n"},
    "an import of a stub's neighbour of the same name as another package": {
        "kit/__init__.pyi": "",
        "kit/httpz.py": "import httpz\nhttpz.Client()\n",
    },
    "attributes set by computed names": {
        "names.py": "class Names:\n    pass\n\n\nfor word in ('a', 'b'):\n    setattr(Names, word, word)\n",
        "use.py": "from names import Names\nNames.a\n",
    },
    "a stub of a compiled module": {
        "kit/__init__.py": "",
        "kit/fast.pyi": "def f() -> int: ...\n",
        "use.py": "from kit import fast\nfast.g()\n",
    },
    "a class that others are mixed with": {
        "part.py": "class Part:\n    def f(self):\n        return self.whole\n",
    },
    "a class that is handed to a function": {
        "made.py": (
            "def fill(one):\n    setattr(one, 'A'.upper(), 1)\n\n\n"
            "class Filled:\n    pass\n\n\nfill(Filled)\nFilled.A\n"
        ),
    },
    "names that a file writes into builtins": {
        "begin.py": "import builtins as everywhere\n\neverywhere.ip = 1\n",
        "use.py": "def f():\n    return ip\n",
    },
    "a branch for another version of an installed module": {
        "use.py": "import json\n\nNEW = hash(json) > 1\nif NEW:\n    from json import loadz\n    json.dumpz\n",
    },
}


@pytest.mark.parametrize("files", UNCERTAIN.values(), ids=list(UNCERTAIN))
def test_what_is_not_certain_is_not_said(tmp_path: Path, files: dict[str, str]) -> None:
    assert found(tmp_path, files) == []


def test_the_order_of_lookup_finds_the_nearest_constructor(tmp_path: Path) -> None:
    files = UNCERTAIN["the order of lookup among several bases"]
    source = files["shapes.py"].replace("Both(1, 2)", "Both(1)")
    assert found(tmp_path, {"shapes.py": source}) == [("wrong-arguments", "Both")]


def test_a_name_that_no_star_brings_is_missing(tmp_path: Path) -> None:
    files = {
        "lib/__init__.py": "from lib.one import *\n",
        "lib/one.py": "from lib.two import *\n",
        "lib/two.py": "def f(): ...\n",
        "use.py": "from lib import f, g\n",
    }
    assert found(tmp_path, files) == [("missing-name", "g")]


def test_a_finding_tells_evidence_and_the_nearest_name(tmp_path: Path) -> None:
    write(tmp_path, CORE | {"app/new.py": "from app.core import add\nadd(1, lodu=True)\n"})
    (one,) = index_of(tmp_path).check()
    assert "`add(a, b=1, *, loud=False)` at app/core.py:6" in one.message
    assert "did you mean 'loud'?" in one.message
    assert (one.start_line, one.start_column, one.end_column) == (1, 0, 3)


def test_what_the_base_had_is_named(tmp_path: Path) -> None:
    write(tmp_path, CORE | {"app/new.py": "from app.core import add\nadd(1, 2)\n"})
    base = index_of(tmp_path)
    assert base.check() == []
    (tmp_path / "app/core.py").write_text(CORE["app/core.py"].replace("add(a, b=1,", "add(a,").replace("a + b", "a"))
    (one,) = index_of(tmp_path, base).check(base)
    assert (one.rule, one.path) == ("wrong-arguments", "app/new.py")
    assert "in the base it is `add(a, b=1, *, loud=False)`" in one.message
    (tmp_path / "app/core.py").write_text(CORE["app/core.py"].replace("def add(", "def sums("))
    removed = [one for one in index_of(tmp_path, base).check(base) if one.path == "app/new.py"]
    assert "the base has `add(a, b=1, *, loud=False)` at app/core.py:6, which was removed" in removed[0].message


def test_two_files_that_add_one_name(tmp_path: Path) -> None:
    write(tmp_path, CORE)
    base = index_of(tmp_path)
    write(tmp_path, {"app/one.py": "def parse(a):\n    return a\n", "app/two.py": "def parse(b):\n    return b\n"})
    (one,) = index_of(tmp_path, base).check(base)
    assert (one.rule, one.severity, one.path) == ("duplicate-definition", "info", "app/two.py")
    write(tmp_path, {"app/__init__.py": "from app.one import *\nfrom app.two import *\n"})
    severities = {one.severity for one in index_of(tmp_path, base).check(base) if one.rule == "duplicate-definition"}
    assert severities == {"error"}


def test_only_changed_files_are_parsed_again(tmp_path: Path) -> None:
    write(tmp_path, CORE)
    first = index_of(tmp_path)
    assert first.parsed_count == len(first) == len(CORE)
    write(tmp_path, {"app/more.py": "def visible(a):\n    return a\n"})
    assert index_of(tmp_path, first).parsed_count == 1


def test_questions(tmp_path: Path) -> None:
    code = (
        "from app import plus\nfrom app.core import Square\n\n\ndef run(x):\n    x.add()\n"
        "    return plus(1), Square('a')\n"
    )
    write(tmp_path, CORE | {"app/new.py": code})
    index = index_of(tmp_path)
    assert [one.name for one in index.symbols("app/core.py")][-4:] == [
        "Shape.area",
        "Shape.make",
        "Square",
        "Square.side",
    ]
    (one,) = index.definition("add")
    assert (one.path, one.kind, one.signature, one.start_line) == (
        "app/core.py",
        "function",
        "(a, b=1, *, loud=False)",
        5,
    )
    assert [one.name for one in index.definition("Shape.area")] == ["Shape.area"]
    calls = [(one.path, one.owner, one.text, one.is_certain) for one in index.callers("add", "app/core.py")]
    assert calls == [("app/new.py", "run", "plus", True), ("app/new.py", "run", "x.add", False)]
    assert [one.owner for one in index.callers("Shape.area") if one.is_certain] == ["Square.side"]
    assert index.dependents(["app/core.py"]) == ["app/__init__.py", "app/new.py"]
    assert index.symbols("nowhere.py") == []


def test_bad_input_is_said_and_harms_nothing(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a.py": "\ufeffimport b\nb.x\n",
            "b.py": "x = 1\r\ny = x\r\n",
            "broken.py": "def f(:\n  pass\nfrom b import zzz\n",
        },
    )
    (tmp_path / "binary.py").write_bytes(b"x = '\0'\n")
    (tmp_path / "latin.py").write_bytes(b"x = '\xff'\n")
    (tmp_path / "deep.py").write_text("x = " + "[" * 100_000 + "]" * 100_000)
    (tmp_path / "long.py").write_text("x = '" + "ä" * 500_000 + "'; x\n")
    (tmp_path / "huge.js").write_text("//" + "x" * 3_000_000)
    (tmp_path / "loop.py").symlink_to("loop.py")
    index = native.SymbolIndex.build(str(tmp_path), sorted(path.name for path in tmp_path.iterdir()))
    assert index.paths == ["a.py", "b.py", "broken.py", "long.py"]
    reasons = {one.path: one.reason for one in index.skipped}
    assert {key: reasons[key] for key in ("binary.py", "latin.py", "deep.py", "huge.js")} == {
        "binary.py": "binary",
        "latin.py": "not utf-8",
        "deep.py": "nested too deeply",
        "huge.js": "too large",
    }
    assert "loop.py" in reasons
    assert index.check() == []


def test_names_of_a_project_lead_to_files(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "lib/package.json": '{"name": "@w/lib", "exports":'
            ' {".": {"import": "./src/main.ts"}, "./x/*": "./src/*.ts"}}'
        },
    )
    targets = read_projects(str(tmp_path), all_paths(str(tmp_path))).targets
    assert targets == [("", "@w/lib", "lib/src/main.ts"), ("", "@w/lib/x/*", "lib/src/*.ts")]


@pytest.mark.anyio
async def test_the_gate_sees_what_a_change_breaks_elsewhere(court) -> None:
    base = {"app/__init__.py": "", "app/core.py": "def add(a, b):\n    return a + b\n"}
    base |= {"app/api.py": "from app.core import add\n\nTWO = add(1, 1)\n", "app/odd.py": "from app.core import gone\n"}
    _, reports = await court.begin(base)
    assert [finding.text for finding in reports["sync"].findings] == ["gone"]
    same = await court.judge({"app/core.py": base["app/core.py"] + "\n\nX = 1\n"}, Stage.ATTEMPT)
    assert same["sync"].verdict is Verdict.CLEAN
    changed = await court.judge({"app/core.py": "def add(a, b, c):\n    return a + b + c\n"}, Stage.ATTEMPT)
    assert [(finding.path, finding.rule) for finding in changed["sync"].findings] == [("app/api.py", "wrong-arguments")]
    gone = await court.judge({"app/core.py": None}, Stage.ATTEMPT)
    assert [finding.path for finding in gone["imports"].findings] == ["app/api.py", "app/odd.py"]
    other = await court.judge({"main.go": "package main\n"}, Stage.ATTEMPT)
    assert other["sync"].verdict is Verdict.NOT_CHECKED
    assert "no symbol index for this language" in other["sync"].detail
