"""Stories of the workspace's code that a crash may cut off anywhere, and what must hold afterwards.

A story is prepared on a good day, acted by a process that dies on the way, and examined by a new process with the
production code. Each runs in a child of its own.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import anyio
import pygit2
from delivery_world import MISSION, Tree, World, differing, files_of, listing

from orchestrator.domain.words import DeliveryMode
from orchestrator.workspace import apply, diff
from orchestrator.workspace.integrate import mission_ref
from orchestrator.workspace.room import ShadowWorkspace, open_workspace
from orchestrator.workspace.trees import flatten

Problems = list[str]
MINE = b"mine, written meanwhile\n"


class Story:
    """One way of using the workspace. `place` is its folder, `seed` what its files are drawn with."""

    name = ""
    is_for_power = True
    """Whether it is also told with the power going; not where a person saves meanwhile, whose editor syncs nothing."""

    def __init__(self, place: Path, seed: int) -> None:
        self.world = World(place, seed)
        self.dice = random.Random(seed)  # noqa: S311 - no secret

    def prepare(self) -> None:
        """Everything up to the moment at which it may die."""
        self.world.lay_out()
        self.world.commits()

    def act(self) -> None:
        """What a crash cuts off."""
        anyio.run(self._act)

    def examine(self) -> Problems:
        """What a new process finds wrong, with the production code."""
        return anyio.run(self._examine)

    async def _act(self) -> None:
        raise NotImplementedError

    async def _examine(self) -> Problems:
        raise NotImplementedError

    def tell(self, text: str) -> None:
        """Somebody is told that it is done; from here on it must be so."""
        note(self.fact("told"), f"{text}\n")

    def told(self) -> list[str]:
        """What somebody was told."""
        return self.fact("told").read_text().split("\n")[:-1] if self.fact("told").exists() else []

    def reopened(self) -> ShadowWorkspace:
        """The workspace as a new server opens it."""
        return open_workspace(self.world.places)

    def fact(self, name: str) -> Path:
        """A file in which the story remembers something that is not part of the product."""
        return self.world.place / name


def note(path: Path, text: str) -> None:
    """Write without being counted: by the built-in `open`, which the fault layer leaves alone."""
    with open(path, "a") as file:  # noqa: PTH123 - `Path.open` is counted
        file.write(text)


class Deliver(Story):
    """The work is applied to the user's files."""

    name = "deliver"

    async def _act(self) -> None:
        base, tip = self.world.commits()
        await self.reopened().deliver(MISSION, base, tip, DeliveryMode.APPLY, "work")
        self.tell("delivered")

    async def _examine(self) -> Problems:
        workspace = self.reopened()
        problems = [f"not put back: {path}" for path in workspace.unrestored]
        problems += self._judge(listing(self.world.user))
        if (self.world.places.state / "delivery.json").exists():
            problems.append("the note of the delivery is still there")
        return problems + await self._go_on(workspace)

    def _judge(self, now: dict[str, tuple[str, int, bytes]]) -> Problems:
        if files_of(now) == self.world.new:
            return [f"a temporary file: {path}" for path in now if ".orchestrator-" in path]
        if self.told():
            return ["what was told as delivered is not there"]
        before = World(self.world.place / "expected", self.world.seed)
        before.lay_out()
        return [f"neither old nor new: {line}" for line in differing(now, listing(before.user))]

    async def _go_on(self, workspace: ShadowWorkspace) -> Problems:
        """Deliver again and take it back."""
        base, tip = self.world.commits()
        await workspace.deliver(MISSION, base, tip, DeliveryMode.APPLY, "work")
        problems = _compared("delivered again", listing(self.world.user), self.world.new)
        await workspace.undo(MISSION, tip, base)
        return problems + _compared("undone", listing(self.world.user), self.world.old)


class Undo(Deliver):
    """Applied work is taken back."""

    name = "undo"

    def prepare(self) -> None:
        super().prepare()
        anyio.run(super()._act)

    async def _act(self) -> None:
        base, tip = self.world.commits()
        await self.reopened().undo(MISSION, tip, base)
        self.tell("undone")

    def _judge(self, now: dict[str, tuple[str, int, bytes]]) -> Problems:
        if "undone" in self.told() and files_of(now) != self.world.old:
            return ["what was told as undone is not"]
        if files_of(now) in (self.world.new, self.world.old):
            return [f"a temporary file: {path}" for path in now if ".orchestrator-" in path]
        wrong = [
            _compared(what, now, tree) for what, tree in (("delivered", self.world.new), ("undone", self.world.old))
        ]
        return ["neither delivered nor undone", *min(wrong, key=len)]


class Recover(Deliver):
    """A delivery was cut off, and so is its recovery."""

    name = "recover"

    def prepare(self) -> None:
        super().prepare()
        steps = self.dice.randint(1, 5)
        apply.Application._swap = _cut_after(steps, apply.Application._swap)
        try:
            anyio.run(super()._act)
        except _CutError:
            return

    async def _act(self) -> None:
        self.reopened()


class _CutError(BaseException):
    """Ends a delivery the way a crash does: nothing is cleaned up."""


def _cut_after(count: int, real: Any) -> Any:
    taken = 0

    def swap(*args: Any) -> Any:
        nonlocal taken
        taken += 1
        if taken > count:
            raise _CutError
        return real(*args)

    return swap


class DeliverEdited(Deliver):
    """The user saves a file in the moment in which it is delivered; before the new content comes in."""

    name = "deliver, edited meanwhile"
    is_for_power = False

    @property
    def _path(self) -> str:
        changed = [p for p in self.world.old if p.startswith("src/") and self.world.new.get(p) != self.world.old[p]]
        return changed[self.world.seed % len(changed)]

    async def _act(self) -> None:
        real = apply._status_of_base

        def looked(parent: int, name: str, path: str, old: Any) -> Any:
            status = real(parent, name, path, old)
            if path == self._path and not self.fact("edited").exists():
                note(self.fact("edited"), path)
                with open(self.world.user / path, "wb") as file:  # noqa: PTH123 - as in `note`
                    file.write(MINE)
            return status

        apply._status_of_base = looked
        await super()._act()

    async def _examine(self) -> Problems:
        workspace = self.reopened()
        now = listing(self.world.user)
        if not self.fact("edited").exists():
            return self._judge(now)
        mine = [path for path, (_, _, data) in now.items() if data == MINE]
        if not mine:
            return ["what the user saved is lost"]
        if mine != [self._path] and not set(mine) & set(workspace.unrestored):
            return [f"what the user saved is in {mine[0]}, and nobody is told"]
        others = {p: entry for p, entry in files_of(now).items() if p != self._path and entry[1] != MINE}
        before, after = ({p: e for p, e in t.items() if p != self._path} for t in (self.world.old, self.world.new))
        return [] if others in (before, after) else ["the other files are neither old nor new"]


class EditedAfterCrash(DeliverEdited):
    """The user saves a file after the crash, before the recovery."""

    name = "deliver, edited after the crash"

    async def _act(self) -> None:
        await Deliver._act(self)

    async def _examine(self) -> Problems:
        (self.world.user / self._path).write_bytes(MINE)
        note(self.fact("edited"), self._path)
        return await super()._examine()


class Branch(Story):
    """The work becomes a branch of the user's repository."""

    name = "branch"

    def prepare(self) -> None:
        super().prepare()
        repo = pygit2.init_repository(str(self.world.user), initial_head="main")
        repo.index.add_all(["a.txt", "src/"])
        repo.index.write()
        who = pygit2.Signature("User", "user@example.org", 1_700_000_000, 0)
        repo.create_commit("refs/heads/main", who, who, "first", repo.index.write_tree(), [])
        note(self.fact("git"), self._git())

    def _git(self) -> str:
        folder = self.world.user / ".git"
        index = (folder / "index").read_bytes().hex()
        return f"{(folder / 'HEAD').read_text()} {(folder / 'refs/heads/main').read_text()} {index}"

    async def _act(self) -> None:
        base, tip = self.world.commits()
        done = await self.reopened().deliver(MISSION, base, tip, DeliveryMode.BRANCH, "work")
        self.tell(done.place)

    async def _examine(self) -> Problems:
        before = World(self.world.place / "expected", self.world.seed)
        before.lay_out()
        problems = [f"touched: {line}" for line in differing(listing(self.world.user), listing(before.user))]
        if self._git() != self.fact("git").read_text():
            problems.append("HEAD, its branch or the index moved")
        problems += [f"branch {name} was told and is not there" for name in self.told() if not self._is_there(name)]
        base, tip = self.world.commits()
        done = await self.reopened().deliver(MISSION, base, tip, DeliveryMode.BRANCH, "work")
        if done.mode is not DeliveryMode.BRANCH:
            return [*problems, f"no branch any more: {done.detail}"]
        return problems if self._is_there(done.place) else [*problems, "the branch holds other files"]

    def _is_there(self, name: str) -> bool:
        """Whether a branch holds the mission's work, to the last byte."""
        repo = pygit2.Repository(str(self.world.user))
        if name not in repo.branches.local:
            return False
        return _content(repo, str(repo.branches.local[name].target)) == self.world.new


class Patch(Story):
    """The work becomes a patch file."""

    name = "patch"

    async def _act(self) -> None:
        base, tip = self.world.commits()
        done = await self.reopened().deliver(MISSION, base, tip, DeliveryMode.PATCH, "work")
        self.tell(done.place)

    async def _examine(self) -> Problems:
        base, tip = self.world.commits()
        workspace = self.reopened()
        with workspace._shadow.use() as repo:
            whole = b"".join(diff.patch(repo, base, tip))
        done = await workspace.deliver(MISSION, base, tip, DeliveryMode.PATCH, "work")
        return self._judge(Path(done.place), whole)

    def _judge(self, made: Path, whole: bytes) -> Problems:
        patches = [path for path in self.world.places.patches.glob("*.patch") if path.read_bytes() != whole]
        problems = [f"{path.name} is half a patch" for path in patches]
        problems += [f"{place} was told and is not there" for place in self.told() if not Path(place).exists()]
        return problems if made.exists() else [*problems, "there is no patch"]


class Worktree(Story):
    """A folder of the pool is filled, worked in, committed and given to other work."""

    name = "worktree"

    def prepare(self) -> None:
        super().prepare()
        anyio.run(self._mess)

    async def _mess(self) -> None:
        base, _ = self.world.commits()
        async with self.reopened().checkout(base) as worktree:
            folder = Path(worktree.path)
            (folder / "junk").mkdir()
            (folder / "junk" / "a.o").write_bytes(b"\0" * 300)
            (folder / "a.txt").write_text("half an edit")

    async def _act(self) -> None:
        workspace = self.reopened()
        base, tip = self.world.commits()
        self.tell(await self._work(workspace, tip))
        async with workspace.checkout(base):
            return

    @staticmethod
    async def _work(workspace: ShadowWorkspace, start: str) -> str:
        async with workspace.checkout(start) as worktree:
            for name in ("a.txt", "made/new.txt"):
                path = Path(worktree.path) / name
                path.parent.mkdir(exist_ok=True)
                path.write_text(f"work on {name}\n")
            return (await workspace.commit(worktree, "work")).commit

    async def _examine(self) -> Problems:
        workspace = self.reopened()
        base, tip = self.world.commits()
        problems: Problems = []
        work = {name: (0o100644, f"work on {name}\n".encode()) for name in ("a.txt", "made/new.txt")}
        with workspace._shadow.use() as repo:
            if any(_content(repo, commit) != self.world.new | work for commit in self.told()):
                problems.append("a commit that was told holds other files")
        for commit, files in ((tip, self.world.new), (base, self.world.old)):
            async with workspace.checkout(commit) as worktree:
                problems += _compared("checked out", listing(Path(worktree.path)), files)
        done = await self._work(workspace, tip)
        with workspace._shadow.use() as repo:
            found = _content(repo, done)
        return problems if found == self.world.new | work else [*problems, "the commit holds other files"]


class Integrate(Story):
    """Two attempts land on the mission ref, each followed by its line in the journal."""

    name = "integrate"

    def _attempts(self, workspace: ShadowWorkspace) -> tuple[str, list[str]]:
        base, _ = self.world.commits()
        with workspace._shadow.use() as repo:
            one = self.world.old | {"a.txt": (0o100644, b"one\n"), "one/x.txt": (0o100644, b"x\n")}
            two = {p: c for p, c in self.world.old.items() if p != "grows"} | {"two.txt": (0o100644, b"two\n")}
            return base, [World.commit(repo, files, [base]) for files in (one, two)]

    async def _act(self) -> None:
        workspace = self.reopened()
        base, attempts = self._attempts(workspace)
        await workspace.restore_ref(MISSION, base)
        await self._land(workspace, base, attempts, base)

    async def _land(self, workspace: ShadowWorkspace, base: str, attempts: list[str], tip: str) -> str:
        for attempt in attempts:
            merge = await workspace.merge(base=base, ours=tip, theirs=attempt, message="landed")
            if merge.commit != tip:
                await workspace.advance(MISSION, merge.commit, previous=tip)
                tip = merge.commit
            note(self.fact("journal"), f"{tip}\n")
        return tip

    async def _examine(self) -> Problems:
        workspace = self.reopened()
        base, attempts = self._attempts(workspace)
        journal = self.fact("journal")
        tips = journal.read_text().split() if journal.exists() else []
        tip = tips[-1] if tips else base
        await workspace.restore_ref(MISSION, tip)
        with workspace._shadow.use() as repo:
            if str(repo.references[mission_ref(MISSION)].target) != tip:
                return ["ref and journal differ"]
            _content(repo, tip)
        end = await self._land(workspace, base, attempts[len(tips) :], tip)
        with workspace._shadow.use() as repo:
            found = _content(repo, end)
        wanted = {p: c for p, c in self.world.old.items() if p != "grows"}
        wanted |= {"a.txt": (0o100644, b"one\n"), "one/x.txt": (0o100644, b"x\n"), "two.txt": (0o100644, b"two\n")}
        return [] if found == wanted else ["the merged tree is another one"]


class FirstSnapshot(Story):
    """The first server of a workspace makes its shadow repository and takes a snapshot."""

    name = "first snapshot"

    def prepare(self) -> None:
        self.world.lay_out()

    async def _act(self) -> None:
        self.tell((await self.reopened().snapshot()).commit)

    async def _examine(self) -> Problems:
        workspace = self.reopened()
        snapshot = await workspace.snapshot()
        problems = _compared("the user's files", listing(self.world.user), self.world.old)
        with workspace._shadow.use() as repo:
            if any(_content(repo, commit) != self.world.old for commit in (snapshot.commit, *self.told())):
                problems.append("the snapshot holds other files")
            if "gc.auto" not in repo.config or "core.autocrlf" not in repo.config:
                problems.append("the shadow repository is not configured")
        return problems


def _compared(what: str, now: dict[str, tuple[str, int, bytes]], wanted: Tree) -> Problems:
    found = files_of(now)
    return [f"{what}: {p} is wrong" for p in sorted(found.keys() | wanted.keys()) if found.get(p) != wanted.get(p)]


def _content(repo: pygit2.Repository, commit: str) -> Tree:
    """Every file of a commit, read to the last byte."""
    tree = repo[commit].peel(pygit2.Commit).tree_id.raw
    return {p: (e.mode, repo.odb.read(pygit2.Oid(raw=e.oid))[1]) for p, e in flatten(repo, tree).items()}
