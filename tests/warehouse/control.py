"""The double in a process of its own, held from here: client and server do not share a GIL, as measurements want."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import requests
from flask import Response, request

from tests.warehouse.warehouse import PAGE_BYTES, Warehouse
from tests.warehouse.wire_log import Request

#: What another process may ask for.
_ORDERS = frozenset(
    {
        "put_table",
        "put_view",
        "put_bucket",
        "sql",
        "touch",
        "stream",
        "forbid",
        "fail",
        "heal",
        "hold",
        "release",
        "clear",
    }
)


def register_control(warehouse: Warehouse) -> None:
    """Let a double take orders over HTTP."""

    def order(name: str) -> Response:
        body = request.get_json()
        if name == "calls":
            return Response(orjson.dumps([_plain(call) for call in warehouse.calls(*body["args"])]))
        if name not in _ORDERS:
            return Response(status=404)
        answer = getattr(warehouse, name)(*body["args"], **body["named"])
        return Response(orjson.dumps(answer if isinstance(answer, list) else None))

    warehouse.app.add_url_rule("/control/<name>", "control.order", order, methods=["POST"])


def _plain(call: Request) -> dict[str, Any]:
    """A request without what JSON cannot carry."""
    fields = {name: getattr(call, name) for name in call.__dataclass_fields__ if name != "fault"}
    return {**fields, "body": None if isinstance(call.body, bytes) else call.body}


class WarehouseProcess:
    """A double in another process: ``put_table`` (SQL only), ``fail``, ``calls``, ... as ``Warehouse`` has them."""

    def __init__(self, page_bytes: int = PAGE_BYTES) -> None:
        self._page_bytes = page_bytes
        self.endpoint = ""

    def __enter__(self) -> WarehouseProcess:
        command = [sys.executable, "-m", "tests.warehouse", "--answers", "none", "--control"]
        command += ["--page-bytes", str(self._page_bytes)]
        root = Path(__file__).resolve().parents[2]
        self._process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        found = re.search(r"http://\S+", self._process.stdout.readline())
        if found is None:
            raise RuntimeError("The double did not start.")
        self.endpoint = found[0]
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate(timeout=20)

    def __getattr__(self, name: str) -> Any:
        if name not in _ORDERS:
            raise AttributeError(name)
        return lambda *args, **named: self._order(name, *args, **named)

    def calls(self, endpoint: str = "*") -> list[Request]:
        """The requests to an endpoint; bodies that are no JSON stay there."""
        return [Request(**call) for call in self._order("calls", endpoint)]

    @property
    def requests(self) -> list[Request]:
        """All requests so far, in order."""
        return self.calls()

    def _order(self, name: str, *args: Any, **named: Any) -> Any:
        answer = requests.post(f"{self.endpoint}/control/{name}", json={"args": args, "named": named}, timeout=600)
        answer.raise_for_status()
        return answer.json()
