"""Numbers for monitoring, in Prometheus' text form (https://prometheus.io/docs/instrumenting/exposition_formats/). No content in them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping

BUCKETS_S = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)


class Metrics:
    """Counts; threads may share it. Only paths that are known get a name, so that no client can fill it."""

    def __init__(self, paths: frozenset[str] = frozenset(), clock: Callable[[], float] = time.monotonic) -> None:
        self._paths, self._lock, self._clock = paths, threading.Lock(), clock
        self._began_s = clock()
        self._requests = Counter[tuple[str, int]]()
        self._buckets = Counter[tuple[str, float]]()
        self._seconds = Counter[str]()
        self._counts = Counter[str]()

    def request(self, path: str, status: int, seconds: float) -> None:
        """Count a request that was answered; status 0 = its client left."""
        path = path if path in self._paths else "other"
        with self._lock:
            self._requests[path, status] += 1
            self._seconds[path] += seconds  # type: ignore[assignment]
            for bound in BUCKETS_S:
                self._buckets[path, bound] += seconds <= bound

    def count(self, name: str) -> None:
        """Count something that happened, such as a session of a kiosk."""
        with self._lock:
            self._counts[name] += 1

    def text(self, gauges: Mapping[str, float]) -> str:
        """Return all, with what is measured just now: name -> value."""
        with self._lock:
            lines = ["# TYPE assistant_requests_total counter"]
            lines += [
                f'assistant_requests_total{{path="{path}",status="{code}"}} {n}' for (path, code), n in sorted(self._requests.items())
            ]
            lines.append("# TYPE assistant_request_seconds histogram")
            totals = Counter[str]()
            for (path, _), n in self._requests.items():
                totals[path] += n
            for path, n in sorted(totals.items()):
                lines += [f'assistant_request_seconds_bucket{{path="{path}",le="{le:g}"}} {self._buckets[path, le]}' for le in BUCKETS_S]
                lines.append(f'assistant_request_seconds_bucket{{path="{path}",le="+Inf"}} {n}')
                lines.append(f'assistant_request_seconds_sum{{path="{path}"}} {self._seconds[path]:.6g}')
                lines.append(f'assistant_request_seconds_count{{path="{path}"}} {n}')
            for name, n in sorted(self._counts.items()):
                lines += [f"# TYPE assistant_{name}_total counter", f"assistant_{name}_total {n}"]
            for name, value in {"uptime_seconds": self._clock() - self._began_s, **gauges}.items():
                lines += [f"# TYPE assistant_{name} gauge", f"assistant_{name} {value:.10g}"]
        return "\n".join(lines) + "\n"
