"""Starts the parts as their dependencies allow, keeps them up, and ends them all.

One thread and one loop: children are tied to the thread that starts them
(`workers.stack.children`), so this one is the main one.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from workers.stack.addresses import Placed
from workers.stack.children import Child, StartError
from workers.stack.run_directory import RunDirectory

POLL_S = 0.1
FIRST_BACKOFF_S = 1.0
LONGEST_BACKOFF_S = 30.0
# A part that ran this long is not crashing in a loop: its next restart is quick again.
_HEALTHY_AFTER_S = 60.0


@dataclass(slots=True)
class _Slot:
    """A part's life so far. `child` is None before its start and while it backs off."""

    placed: Placed
    child: Child | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    ready: bool = False
    backoff_s: float = FIRST_BACKOFF_S


@dataclass(slots=True)
class Reports:
    """What the supervisor tells whoever shows it to a person."""

    ready: Callable[[Placed, float], None]
    ended: Callable[[Placed, int | None, float], None]
    back: Callable[[Placed, float], None]
    stopped: Callable[[Placed], None] = field(default=lambda _placed: None)


class Supervisor:
    """Owns the children of one stack."""

    def __init__(self, placed: Sequence[Placed], directory: RunDirectory, reports: Reports) -> None:
        """Take the parts; nothing is started."""
        self._slots = {one.part.name: _Slot(one) for one in placed}
        self._directory = directory
        self._reports = reports

    @property
    def all_ready(self) -> bool:
        """Whether every part serves."""
        return all(slot.ready for slot in self._slots.values())

    def pid_of(self, name: str) -> int | None:
        """Return the process id of a part, None while it does not run."""
        child = self._slots[name].child
        return child.pid if child else None

    def start_step(self) -> None:
        """Start what can be started and look at what is starting.

        Raises:
            StartError: a part ended or stayed silent before it was ready.
        """
        for slot in self._slots.values():
            if slot.ready:
                continue
            if slot.placed.external:
                slot.ready = True
                self._reports.ready(slot.placed, 0.0)
            elif slot.child is None:
                if self._dependencies_ready(slot):
                    self._directory.fresh_log(slot.placed.part.name)
                    self._start(slot)
            elif self._became_ready(slot):
                self._reports.ready(slot.placed, time.monotonic() - slot.started_at)

    def watch_step(self) -> None:
        """Restart what has ended, each time a little later."""
        for slot in self._slots.values():
            if slot.placed.external:
                continue
            if slot.child is None:
                if time.monotonic() >= slot.start_at:
                    self._start(slot)
                continue
            try:
                if not slot.ready and self._became_ready(slot):
                    self._reports.back(slot.placed, time.monotonic() - slot.started_at)
                elif slot.child.exit_code is not None:
                    self._schedule_restart(slot)
            except StartError:
                self._schedule_restart(slot)

    def stop(self) -> None:
        """End every child: dependants before what they depend on."""
        running = {name: slot for name, slot in self._slots.items() if slot.child is not None}
        while running:
            needed = {name for slot in running.values() for name in slot.placed.part.after}
            wave = [running.pop(name) for name in list(running) if name not in needed]
            for slot in wave:
                _child(slot).terminate()
            for slot in wave:
                _child(slot).stop()
                slot.child = None
                self._reports.stopped(slot.placed)

    def _dependencies_ready(self, slot: _Slot) -> bool:
        # A part that is not run at all (the sandbox's, on a live venue) holds nobody up.
        needed = [name for name in slot.placed.part.after if name in self._slots]
        return all(self._slots[name].ready for name in needed)

    def _start(self, slot: _Slot) -> None:
        part, place = slot.placed.part, slot.placed.place
        place.directory.mkdir(parents=True, exist_ok=True)
        slot.started_at = time.monotonic()
        slot.child = Child(part.name, part.launch(place), self._directory.log_of(part.name))

    def _became_ready(self, slot: _Slot) -> bool:
        part, child = slot.placed.part, _child(slot)
        slot.ready = part.is_ready(slot.placed.place, child)
        if not slot.ready:
            child.require_alive(time.monotonic() - slot.started_at, part.timeout_s)
        return slot.ready

    def _schedule_restart(self, slot: _Slot) -> None:
        child = _child(slot)
        lived_s = time.monotonic() - slot.started_at
        healthy = slot.ready and lived_s > _HEALTHY_AFTER_S
        slot.backoff_s = FIRST_BACKOFF_S if healthy else slot.backoff_s
        self._reports.ended(slot.placed, child.exit_code, slot.backoff_s)
        child.stop()
        slot.child, slot.ready = None, False
        slot.start_at = time.monotonic() + slot.backoff_s
        slot.backoff_s = min(slot.backoff_s * 2, LONGEST_BACKOFF_S)


def _child(slot: _Slot) -> Child:
    if slot.child is None:
        raise RuntimeError(f"{slot.placed.part.name} does not run")
    return slot.child
