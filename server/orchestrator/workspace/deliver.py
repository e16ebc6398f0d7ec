"""Delivery: which way the work of a mission reaches the user, and what is said about it."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
import pygit2

from orchestrator.config.places import Places
from orchestrator.domain.words import DeliveryMode
from orchestrator.ports.workspace import Delivery, WorkspaceError
from orchestrator.workspace import diff
from orchestrator.workspace.apply import Application, Before, UserChangedError
from orchestrator.workspace.bounded import keep_newest
from orchestrator.workspace.branch import BranchRefusedError, to_branch
from orchestrator.workspace.integrate import mission_ref
from orchestrator.workspace.lasting import sync_path
from orchestrator.workspace.shadow import tree_of
from orchestrator.workspace.trees import Delta, differences
from orchestrator.workspace.user_repository import is_repository

_JOURNAL: Final = "delivery.json"
MAX_PATCHES: Final = 100
MAX_PATCH_BYTES: Final = 1024 * 1024 * 1024
"""Older patches go: `orchestrator deliver` writes one again from the work that is kept."""


class _Begun(msgspec.Struct, frozen=True):
    """What is on disk while a delivery is under way."""

    mission_id: str
    base: str
    tip: str
    token: str
    before: Before = Before()


class Deliveries:
    """Delivers to one workspace. Blocking; the caller makes sure that only one delivery runs at a time."""

    def __init__(self, places: Places) -> None:
        """Remember the places."""
        self._places = places
        self._root = places.root
        self._journal = places.state / _JOURNAL

    def deliver(
        self, repo: pygit2.Repository, *, mission_id: str, base: str, tip: str, mode: DeliveryMode, title: str
    ) -> Delivery:
        """Bring base..tip to the user in the wanted mode, or the next safe one. WorkspaceError `delivery_failed`."""
        mission_ref(mission_id)
        changes = differences(repo, tree_of(repo, base), tree_of(repo, tip))
        if not changes:
            return Delivery(mode, "", (), (), "nothing to deliver: the mission changed no file")
        begun = _Begun(mission_id, base, tip, secrets.token_hex(4))
        if mode is DeliveryMode.APPLY:
            return self._apply(repo, begun, changes, title)
        if mode is DeliveryMode.BRANCH:
            return self._branch(repo, begun, changes, title)
        return self._patch(repo, begun, changes)

    def undo(self, repo: pygit2.Repository, *, mission_id: str, delivered: str, restored: str) -> tuple[str, ...]:
        """Put `restored`'s content where `delivered`'s stands, all or nothing; the paths that differ between the two.

        Raises WorkspaceError `changed_since` when a file holds neither, and `undo_failed` when writing fails.
        """
        changes = differences(repo, tree_of(repo, delivered), tree_of(repo, restored))
        paths = tuple(sorted(changes))
        made = Application(repo, str(self._root), changes).already_made()
        begun = _Begun(mission_id, delivered, restored, secrets.token_hex(4))
        left = {path: delta for path, delta in changes.items() if path not in made}
        application = Application(repo, str(self._root), left, begun.token)
        if kept := application.kept_back():
            raise _changed_since(kept)
        self._begin(begun, application)
        try:
            application.run()
        except UserChangedError as error:
            raise _changed_since((error.path,)) from error
        except (OSError, WorkspaceError) as error:
            stuck = f"; NOT put back: {', '.join(application.stuck)}" if application.stuck else ""
            message = f"nothing was undone, because writing failed ({error}){stuck}"
            raise WorkspaceError("undo_failed", message, "mend what the message names, then undo again") from error
        finally:
            self._finish()
        return paths

    def recover(self, repo: pygit2.Repository) -> tuple[str, ...]:
        """Undo a delivery that a dead process left half done; paths that a person should look at."""
        try:
            begun = msgspec.json.decode(self._journal.read_bytes(), type=_Begun)
        except FileNotFoundError:
            return ()
        except msgspec.MsgspecError:
            # Cut short while it was written: no step was taken before it was complete.
            self._finish()
            return ()
        changes = differences(repo, tree_of(repo, begun.base), tree_of(repo, begun.tip))
        left = Application(repo, str(self._root), changes, begun.token).recover(begun.before)
        self._finish()
        return left

    def _apply(self, repo: pygit2.Repository, begun: _Begun, changes: dict[str, Delta], title: str) -> Delivery:
        paths = tuple(sorted(changes))
        made = Application(repo, str(self._root), changes).already_made()
        changes = {path: delta for path, delta in changes.items() if path not in made}
        if not changes:
            return Delivery(DeliveryMode.APPLY, str(self._root), paths, (), "the files hold this work already")
        if not os.access(self._root, os.W_OK):
            return self._patch(repo, begun, changes, why="the workspace is read-only; ")
        application = Application(repo, str(self._root), changes, begun.token)
        try:
            kept = application.kept_back()
            if not kept:
                self._begin(begun, application)
                application.run()
                self._finish()
                return Delivery(DeliveryMode.APPLY, str(self._root), paths, (), f"{len(paths)} files changed in place")
        except UserChangedError as error:
            kept = (error.path,)
        except (OSError, WorkspaceError) as error:
            why = f"nothing was applied, because writing failed ({error}); "
            return self._patch(repo, begun, changes, why=self._after_failure(application, why))
        return self._beside(repo, begun, changes, title, self._kept(application, kept))

    def _kept(self, application: Application, kept: tuple[str, ...]) -> tuple[str, ...]:
        """All paths that the user changed, also when one was met only while writing; ends what was begun."""
        with suppress(OSError):
            kept = tuple(sorted({*kept, *application.kept_back()}))
        self._finish()
        return kept

    def _after_failure(self, application: Application, why: str) -> str:
        self._finish()
        if application.stuck:
            return f"{why}NOT put back: {', '.join(application.stuck)}; "
        return why

    def _begin(self, begun: _Begun, application: Application) -> None:
        with self._journal.open("wb") as file:
            file.write(msgspec.json.encode(msgspec.structs.replace(begun, before=application.before())))
            file.flush()
            os.fsync(file.fileno())
        sync_path(self._journal.parent)

    def _finish(self) -> None:
        """Forget what was begun; whatever was done to the user's files lasts by now."""
        with suppress(FileNotFoundError):
            self._journal.unlink()
            sync_path(self._journal.parent)

    def _beside(
        self, repo: pygit2.Repository, begun: _Begun, changes: dict[str, Delta], title: str, kept: tuple[str, ...]
    ) -> Delivery:
        why = f"nothing was applied, because files changed since the mission began ({_shown(kept)}); "
        if is_repository(self._root):
            return self._branch(repo, begun, changes, title, why=why, kept=kept)
        return self._patch(repo, begun, changes, why=why, kept=kept)

    def _branch(
        self,
        repo: pygit2.Repository,
        begun: _Begun,
        changes: dict[str, Delta],
        title: str,
        *,
        why: str = "",
        kept: tuple[str, ...] = (),
    ) -> Delivery:
        if not is_repository(self._root):
            return self._patch(repo, begun, changes, why=f"{why}the workspace is no git repository; ", kept=kept)
        try:
            base = tree_of(repo, begun.base)
            name = to_branch(repo, self._root, mission_id=begun.mission_id, base=base, changes=changes, title=title)
        except BranchRefusedError as error:
            return self._patch(repo, begun, changes, why=f"{why}no branch could be made ({error}); ", kept=kept)
        detail = f"{why}the work is on branch {name}; look with: git diff HEAD...{name}"
        return Delivery(DeliveryMode.BRANCH, name, tuple(sorted(changes)), kept, detail)

    def _patch(
        self,
        repo: pygit2.Repository,
        begun: _Begun,
        changes: dict[str, Delta],
        *,
        why: str = "",
        kept: tuple[str, ...] = (),
    ) -> Delivery:
        try:
            self._places.patches.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = _write_patch(self._places.patches, begun.mission_id, repo, begun.base, begun.tip)
        except OSError as error:
            message = f"{why}the patch can't be written: {error}"
            raise WorkspaceError("delivery_failed", message, "free disk space, then deliver again") from error
        detail = f"{why}the work is in {file}; apply it with: git apply {file}"
        return Delivery(DeliveryMode.PATCH, str(file), tuple(sorted(changes)), kept, detail)


def _write_patch(folder: Path, mission_id: str, repo: pygit2.Repository, base: str, tip: str) -> Path:
    number = 1
    while (file := folder / (f"{mission_id}.patch" if number == 1 else f"{mission_id}-{number}.patch")).exists():
        number += 1
    # It has its name only once it is whole; one delivery runs at a time.
    part = folder / f"{mission_id}.part"
    with part.open("wb") as out:
        out.writelines(diff.patch(repo, base, tip))
        out.flush()
        os.fsync(out.fileno())
    part.rename(file)
    keep_newest(folder, file, max_files=MAX_PATCHES, max_bytes=MAX_PATCH_BYTES)
    sync_path(folder)
    sync_path(folder.parent)
    return file


def _changed_since(paths: tuple[str, ...]) -> WorkspaceError:
    return WorkspaceError(
        "changed_since",
        f"nothing was undone, because you changed these files since the delivery: {', '.join(paths)}",
        "undo or save your changes to them first; orchestrator diff shows what the mission wrote",
    )


def _shown(paths: tuple[str, ...]) -> str:
    more = f" and {len(paths) - 5} more" if len(paths) > 5 else ""
    return ", ".join(paths[:5]) + more
