"""When what is due: a heap in which a newer moment replaces an older one."""

import heapq
from collections.abc import Iterator

NEVER = float("inf")


class DueTimes:
    """A moment for each of many names, in monotonic seconds."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, str]] = []
        self._due_s: dict[str, float] = {}

    def set(self, name: str, due_s: float) -> None:
        """Let it be due then and at no other moment; `NEVER` takes it out."""
        if self._due_s.get(name, NEVER) == due_s:
            return
        if due_s == NEVER:
            del self._due_s[name]
        else:
            self._due_s[name] = due_s
            heapq.heappush(self._heap, (due_s, name))

    def get(self, name: str) -> float:
        """Return when it is due."""
        return self._due_s.get(name, NEVER)

    def next_s(self) -> float:
        """Return the soonest moment."""
        heap = self._heap
        while heap and self._due_s.get(heap[0][1]) != heap[0][0]:
            heapq.heappop(heap)
        return heap[0][0] if heap else NEVER

    def take(self, now_s: float) -> Iterator[str]:
        """Take out what is due by now, the longest overdue first."""
        while self.next_s() <= now_s:
            name = heapq.heappop(self._heap)[1]
            del self._due_s[name]
            yield name
