"""What the Python environments of the checks can import, told from their folders: nothing is run."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

_VENV_NAMES = (".venv", "venv", "env")
_SYSTEM_SITES = ("/usr/lib/python3/dist-packages", "/usr/local/lib/python3/dist-packages")
_MODULE = re.compile(r"^([A-Za-z_]\w*)(\.[\w-]+)*\.(py|pyi|so|pyd|pth)$")


def site_folders(roots: Iterable[str], environment: Mapping[str, str]) -> list[Path]:
    """The site-packages of the virtual environments in these roots and of the `python` on the environment's PATH.

    Both, because a check may use either; a name that only one of them has is left to the checks to judge.
    """
    prefixes = [Path(root, name) for root in roots for name in _VENV_NAMES if Path(root, name, "pyvenv.cfg").is_file()]
    for program in ("python", "python3"):
        found = shutil.which(program, path=environment.get("PATH"))
        if found:
            prefixes.append(Path(found).parent.parent)
            prefixes.append(Path(found).resolve().parent.parent)
    if environment.get("VIRTUAL_ENV"):
        prefixes.append(Path(environment["VIRTUAL_ENV"]))
    if environment.get("HOME"):
        prefixes.append(Path(environment["HOME"], ".local"))
    folders: list[Path] = [Path(site) for site in _SYSTEM_SITES]
    for prefix in prefixes:
        for kind in ("site-packages", "dist-packages"):
            folders += sorted(prefix.glob(f"lib*/python3*/{kind}"))
    return [folder for folder in dict.fromkeys(folders) if folder.is_dir()]


def standard_folders(sites: Iterable[Path]) -> list[Path]:
    """The standard libraries that belong to these site-packages: for a virtual environment that of its home."""
    found: list[Path] = []
    for site in sites:
        library = site.parent
        if (library / "os.py").is_file():
            found.append(library)
            continue
        config = library.parent.parent / "pyvenv.cfg"
        home = _home(config)
        if home is not None and (home.parent / "lib" / library.name / "os.py").is_file():
            found.append(home.parent / "lib" / library.name)
    return list(dict.fromkeys(found))


def _home(config: Path) -> Path | None:
    """The folder of the interpreter that a virtual environment was made with."""
    try:
        lines = config.read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    homes = [value.strip() for key, _, value in (line.partition("=") for line in lines) if key.strip() == "home"]
    return Path(homes[0]).resolve() if homes else None


def installed_names(folders: Iterable[Path]) -> frozenset[str]:
    """The top-level names that can be imported from these folders, those that `.pth` files add included."""
    names: set[str] = set()
    for folder in folders:
        for entry in _entries(folder):
            if entry.suffix == ".pth":
                names |= _behind_path_file(entry)
            names |= _name(entry)
    return frozenset(names)


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _name(entry: Path) -> set[str]:
    match = _MODULE.match(entry.name)
    if match:
        return set() if entry.suffix == ".pth" else {match.group(1)}
    return {entry.name} if entry.name.isidentifier() and entry.is_dir() else set()


def _behind_path_file(path_file: Path) -> set[str]:
    """Names in the folders that a `.pth` file adds, and those that an editable install's finder maps."""
    names: set[str] = set()
    try:
        lines = path_file.read_text("utf-8", "replace").splitlines()
    except OSError:
        return names
    for line in lines[:1_000]:
        if line.startswith(("import ", "import\t")):
            finder = re.search(r"(__editable__\w+)", line)
            if finder:
                names |= _mapped(path_file.parent / f"{finder.group(1)}.py")
            continue
        if line.strip() and not line.startswith("#"):
            folder = path_file.parent / line.strip()
            names |= {name for entry in _entries(folder) for name in _name(entry)}
    return names


def _mapped(finder: Path) -> set[str]:
    try:
        text = finder.read_text("utf-8", "replace")
    except OSError:
        return set()
    return {name.split(".")[0] for name in re.findall(r"'([A-Za-z_][\w.]*)': '", text)}
