"""What is counted, in the names and units of Prometheus; ``docs/operations.md`` says what each is good for.

Under gunicorn the numbers of all workers are added up: each writes its own to the folder that they share
(:mod:`dashboard.operations.together`), and whichever is asked reads them all. Elsewhere there is one process.
Labels are of few values and never personal.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
    values,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as MEDIA_TYPE
from prometheus_client.multiprocess import MultiProcessCollector

from dashboard.operations import together
from irt.observing import How, Observer

__all__ = ["MEDIA_TYPE", "Counting", "Instruments", "exposed", "instruments", "metrics_markdown"]

#: Upper ends of classes of seconds: requests, and what is computed or read.
_REQUESTS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 60.0)
_WORK = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0)

_METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Instruments:
    """Everything that is counted."""

    registry: CollectorRegistry
    requests: Counter
    request_seconds: Histogram
    in_flight: Gauge
    refused: Counter
    rate_limited: Counter
    given_up: Counter
    kept: Counter
    calibration_seconds: Histogram
    source_seconds: Histogram
    source_failures: Counter
    billed: Counter
    resident: Gauge


@cache
def instruments() -> Instruments:
    """The instruments of this process, made when the application is."""
    if together.folder() is not None:
        values.ValueClass = values.MultiProcessValue(together.number)  # type: ignore[no-untyped-call]
    disable_created_metrics()  # type: ignore[no-untyped-call] # when each series began: nobody asks
    registry = CollectorRegistry()

    def counter(name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"itemwise_{name}", meaning, labels, registry=registry)

    def seconds(name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"itemwise_{name}_seconds", meaning, labels, buckets=buckets, registry=registry)

    def gauge(name: str, meaning: str, mode: str) -> Gauge:
        return Gauge(f"itemwise_{name}", meaning, registry=registry, multiprocess_mode=mode)  # type: ignore[arg-type]

    return Instruments(
        registry=registry,
        requests=counter("requests", "Requests answered.", "route", "method", "status"),
        request_seconds=seconds("request", "Seconds until a request was answered whole.", _REQUESTS, "route"),
        in_flight=gauge("requests_in_flight", "Requests that are being answered.", "livesum"),
        refused=counter("refused", "Requests refused for who asks, by the code of the refusal.", "reason"),
        rate_limited=counter("rate_limited", "Requests refused for coming too often.", "kind"),
        given_up=counter("given_up", "Readers who were told to ask again since a computation took too long."),
        kept=counter("kept_results", "Results asked for: found, made, or waited for.", "kind", "how"),
        calibration_seconds=seconds("calibration", "Seconds that fitting a model took.", _WORK, "model"),
        source_seconds=seconds("source", "Seconds that the source of answers took for a question.", _WORK),
        source_failures=counter("source_failures", "Questions that the source did not answer.", "reason"),
        billed=counter("billed_bytes", "Bytes that the warehouse has charged for."),
        resident=gauge("resident_bytes", "Memory of each worker.", "liveall"),
    )


def metrics_markdown() -> str:
    """The table of metrics in Markdown, as in ``docs/operations.md``."""
    counted = instruments()
    rows = []
    for name in Instruments.__slots__:
        instrument = getattr(counted, name)
        if isinstance(instrument, Counter | Gauge | Histogram):
            (family,) = instrument.describe()
            shown = f"{family.name}{'_total' if family.type == 'counter' else ''}"
            labels = ", ".join(f"`{label}`" for label in instrument._labelnames)
            rows.append(f"| `{shown}` ({family.type}) | {labels} | {family.documentation} |")
    return "\n".join(["| metric | labels | meaning |", "|---|---|---|", *rows])


class Counting(Observer):
    """Counts what the core tells."""

    def __init__(self, counted: Instruments) -> None:
        self._counted = counted

    def kept(self, kind: str, how: How) -> None:
        """By kind, and how it was had."""
        self._counted.kept.labels(kind, how).inc()

    def fitted(self, model: str, seconds: float) -> None:
        """By model, with its seconds."""
        self._counted.calibration_seconds.labels(model).observe(seconds)

    def asked(self, seconds: float, failure: str | None) -> None:
        """Seconds, and the reason of a failure."""
        self._counted.source_seconds.observe(seconds)
        if failure is not None:
            self._counted.source_failures.labels(failure).inc()

    def billed(self, n_bytes: int) -> None:
        """In bytes."""
        self._counted.billed.inc(n_bytes)

    def gave_up(self) -> None:
        """One reader."""
        self._counted.given_up.inc()


def exposed() -> bytes:
    """All numbers, in the text format of Prometheus."""
    counted = instruments()
    counted.resident.set(resident_bytes())
    registry = counted.registry
    if (folder := together.folder()) is not None:
        registry = CollectorRegistry()
        MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def method(asked: str) -> str:
    """A method as a label: anybody may make one up."""
    return asked if asked in _METHODS else "other"


def resident_bytes() -> int:
    """Memory that this process takes up; 0 where the system does not tell."""
    try:
        pages = Path("/proc/self/statm").read_text().split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
