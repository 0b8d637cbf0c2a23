"""How gunicorn runs the dashboard (read by itself from the folder it is started in): ``gunicorn app:server``.

What is set here and why: ``docs/operations.md``.
"""

import contextlib
import ctypes
import os
import resource
import secrets
import sys

# Before numpy is loaded: several threads of matrix products in each of several workers fight over the processors.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from irt.errors import SettingsError
from irt.settings import Settings, check_bind

try:
    _settings = Settings.from_environment()
except SettingsError as error:
    print(error, file=sys.stderr)
    sys.exit(2)

from gunicorn.glogging import Logger

# Loaded once, here: workers share the memory of it. The application itself is made by each worker, with its settings.
from dashboard.operations import logs, stalled, together

if _settings.cache is None and _settings.link_key is None:
    # Nothing may be kept, so the key of links to students lives in the environment that all workers share.
    os.environ["ITEMWISE_LINK_KEY"] = secrets.token_hex(32)

#: M_ARENA_MAX of glibc's malloc.h.
_M_ARENA_MAX = -8

bind = f"[{_settings.host}]:{_settings.port}" if ":" in _settings.host else f"{_settings.host}:{_settings.port}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "dashboard.operations.stalled.Worker"
# Made only as they are needed. Readers who wait for one computation hold a thread each; health and others' pages must
# not queue behind them.
threads = 100
# A browser keeps six open. Each is a file to the system, whose usual limit is as low as 1,024 and may be raised by us.
_, _most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
_files = 4096 if _most_files == resource.RLIM_INFINITY else min(4096, _most_files)
resource.setrlimit(resource.RLIMIT_NOFILE, (_files, _most_files))
worker_connections = min(2000, _files - 200)
# A worker that says nothing for so long is replaced; requests have their own limit, ITEMWISE_TIMEOUT.
timeout = 60
# A worker that ends answers first what it has begun.
graceful_timeout = int(_settings.timeout) + 10
# Longer than a proxy or a browser leaves between the requests of a page.
keepalive = 15
# The longest that gunicorn takes; a call of the API may name many students and items.
limit_request_line = 8190
# Longer than the longest token that is looked at (irt.tokens.signed) with the name of its header.
limit_request_field_size = 16_500
# A header SCRIPT_NAME or PATH_INFO, which gunicorn would take from any peer on this machine, is dropped.
forwarder_headers = ""
max_requests = 50_000
max_requests_jitter = 10_000
control_socket_disable = True
logconfig_dict = logs.as_json()


class logger_class(Logger):  # noqa: N801 - the name of gunicorn's setting
    """gunicorn's logger without its line for each request: ours knows more and names less."""

    def access(self, *_):
        """Say nothing."""

    def exception(self, msg, *args, **kwargs):
        """A reader who went out of reach in the middle of a request is no error."""
        if isinstance(sys.exc_info()[1], BlockingIOError):
            self.info("A request that did not go on was given up")
        else:
            super().exception(msg, *args, **kwargs)


def on_starting(server):
    """Refuse a public address (also one given on the command line) unless the settings allow it."""
    for address in server.cfg.address:
        if isinstance(address, tuple):
            try:
                check_bind(address[0], _settings)
            except SettingsError as error:
                print(error, file=sys.stderr)
                sys.exit(2)
    together.begin()


def when_ready(server):
    """Before workers accept connections."""
    for listener in server.LISTENERS:
        stalled.give_up_stalled(listener.sock)


def pre_fork(server, worker):
    """Give each worker a number."""
    worker.number = together.free_number({other.number for other in server.WORKERS.values()})


def post_fork(server, worker):
    """Tell the worker its number, before it loads the application."""
    _few_arenas()
    together.be(worker.number)


def _few_arenas():
    """Let threads share two of glibc's pools of memory (mallopt(3)); each more keeps what a large request took."""
    with contextlib.suppress(OSError, AttributeError):  # another system, another allocator
        ctypes.CDLL("libc.so.6").mallopt(_M_ARENA_MAX, 2)


def child_exit(server, worker):
    """A worker has ended, perhaps killed."""
    together.forget(worker.number)


def on_exit(server):
    """The last of all."""
    together.end()
