"""What is left in memory: everything that can be reached from some objects."""

from __future__ import annotations

import gc


def reachable(roots: list[object], barred: list[object]) -> list[object]:
    """Everything that can be reached from some objects but not through others, nor through modules and classes."""
    seen: dict[int, object] = {}
    waiting, shut = list(roots), {id(each) for each in barred}
    while waiting:
        each = waiting.pop()
        if id(each) in seen or id(each) in shut or isinstance(each, type | type(gc)):
            continue
        seen[id(each)] = each
        waiting += (each.__closure__ or ()) if hasattr(each, "__code__") and hasattr(each, "__closure__") else gc.get_referents(each)
    return list(seen.values())
