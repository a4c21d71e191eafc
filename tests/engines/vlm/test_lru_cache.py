"""What was used last is kept, and no more of it than the limit says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from assistant.engines.vlm.lru_cache import LruCache


def store(limit_bytes: int) -> LruCache[str, bytes]:
    return LruCache(limit_bytes, len)


def test_the_least_recently_used_goes_first() -> None:
    kept = store(10)
    kept.put("a", b"1234")
    kept.put("b", b"1234")
    assert kept.get("a") == b"1234"
    kept.put("c", b"1234")
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (b"1234", None, b"1234")
    assert (len(kept), kept.held_bytes) == (2, 8)


def test_a_value_larger_than_the_limit_is_kept_alone_until_another_comes() -> None:
    kept = store(10)
    kept.put("small", b"1")
    kept.put("large", bytes(100))
    assert kept.get("small") is None and kept.get("large") is not None
    kept.put("small", b"1")
    assert kept.get("large") is None
    assert kept.held_bytes == 1


def test_a_limit_of_nothing_keeps_nothing() -> None:
    kept = store(0)
    kept.put("a", b"1")
    assert kept.get("a") is None
    assert (len(kept), kept.held_bytes) == (0, 0)


def test_the_same_key_again_replaces_and_is_counted_once() -> None:
    kept = store(10)
    for _ in range(5):
        kept.put("a", b"1234")
    assert (len(kept), kept.held_bytes) == (1, 4)
    kept.clear()
    assert (kept.get("a"), kept.held_bytes) == (None, 0)


def test_many_threads_never_break_the_count() -> None:
    kept = store(1000)

    def work(seed: int) -> None:
        for number in range(2000):
            key = str((seed * 7 + number) % 23)
            if kept.get(key) is None:
                kept.put(key, bytes(10 + int(key)))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    values = [value for key in map(str, range(23)) if (value := kept.get(key)) is not None]
    assert kept.held_bytes == sum(map(len, values)) > 0
