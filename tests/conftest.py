"""What tests share: the sample exams in a store, a service over it, and the app served on a free port."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

#: A warehouse to test against.
pytest_plugins = ["tests.warehouse.fixtures"]

#: The files of fixtures share one name, so they cannot be read for doctests beside each other.
collect_ignore_glob = ["*conftest.py"]

#: Selenium would otherwise look for a browser driver on the internet.
os.environ.setdefault("SE_OFFLINE", "true")
#: Workers of a test run share the processors: threads of matrix products would only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

#: How long one worker waits for another to make a shared file.
PATIENCE = 120.0


def pytest_setup_options() -> Any:
    """What dash_duo starts its browser with."""
    from selenium.webdriver.chrome.options import Options

    options = Options()
    for flag in ("--headless", "--window-size=1280,900"):
        options.add_argument(flag)
    return options


def once(folder: Path, build: Callable[[Path], None]) -> Path:
    """Let one of several test workers build a folder, and the others wait for it."""
    done = folder.with_name(folder.name + ".done")
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        deadline = time.monotonic() + PATIENCE
        while not done.exists():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{folder} was begun by another test worker and not finished.") from None
            time.sleep(0.05)
        return folder
    build(folder)
    done.touch()
    return folder


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this test run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture(scope="session")
def sample_store(shared_folder: Path) -> Path:
    """The folder of a store filled with the sample exams. Read it only: other tests do too."""

    def build(folder: Path) -> None:
        from irt.samples import sample_exams
        from irt.sources import ParquetStore

        store = ParquetStore(folder)
        for exam in sample_exams():
            store.add(exam.frame)

    return once(shared_folder / "sample-store", build)


@pytest.fixture(scope="session")
def open_app() -> Callable[..., Any]:
    """Make an app over a store: ``open_app(folder, HOST="127.0.0.1", ...)`` with further environment variables."""

    def make(folder: Path, **environment: str) -> Any:
        from dashboard import create_app
        from irt.service import open_service
        from irt.settings import Settings

        settings = Settings.from_environment(
            {"ITEMWISE_SOURCE": f"parquet:{folder}", "ITEMWISE_CACHE": "off", **environment}
        )
        return create_app(open_service(settings), settings)

    return make


@pytest.fixture(scope="session")
def app(sample_store: Path, open_app: Callable[..., Any]) -> Any:
    """The app over the sample exams."""
    return open_app(sample_store)


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve an app in a thread on a free port; the address is what the block gets."""
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, app.server, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(timeout=10)


@pytest.fixture(scope="session")
def address(app: Any) -> Iterator[str]:
    """Where the app over the sample exams answers."""
    with serving(app) as url:
        yield url


@pytest.fixture
def serve() -> Iterator[Callable[[Any], str]]:
    """Serve an app of one's own for one test: ``url = serve(app)``."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield lambda app: stack.enter_context(serving(app))
