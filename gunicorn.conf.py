"""How gunicorn runs the dashboard (read by itself from the folder it is started in): ``gunicorn app:server``."""

import logging
import os
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

if _settings.cache is None and _settings.link_key is None:
    # Nothing may be kept, so the key of links to students lives in the environment that all workers share.
    os.environ["ITEMWISE_LINK_KEY"] = secrets.token_hex(32)

bind = f"[{_settings.host}]:{_settings.port}" if ":" in _settings.host else f"{_settings.host}:{_settings.port}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = 4
timeout = 60
# The longest that gunicorn takes; a call of the API may name many students and items.
limit_request_line = 8190
max_requests = 2000
max_requests_jitter = 200
control_socket_disable = True
accesslog = "-"
# The path without the query, which may name a student; no address of the reader.
access_log_format = '%(t)s "%(m)s %(U)s" %(s)s %(b)s %(M)sms'


def _nameless(record: logging.LogRecord) -> bool:
    """Keep out of the log what gunicorn repeats of a request that is no HTTP: it may name a student."""
    return not record.getMessage().startswith("Invalid request")


def on_starting(server):
    """Refuse a public address (also one given on the command line) unless the settings allow it."""
    server.log.error_log.addFilter(_nameless)
    for address in server.cfg.address:
        if isinstance(address, tuple):
            try:
                check_bind(address[0], _settings)
            except SettingsError as error:
                print(error, file=sys.stderr)
                sys.exit(2)
