"""The dashboard: create_app(service, settings) -> Dash."""

from __future__ import annotations

import re
from pathlib import Path

from dash import Dash

from dashboard import access, api, downloads, forged, operations, shell
from dashboard.index import IN_HEAD, document
from dashboard.operations import rates
from dashboard.pages import BY_NAME
from dashboard.reading import on_error
from dashboard.words import say
from irt.service import Service
from irt.settings import Settings

__all__ = ["create_app"]

_ASSETS = Path(__file__).parent.parent / "assets"


def create_app(service: Service, settings: Settings) -> Dash:
    """The whole dashboard with its API, guarded; ``app.server`` is the WSGI application.

    Parameters
    ----------
    service : Service
    settings : Settings
    """
    app = Dash(
        __name__,
        assets_folder=str(_ASSETS),
        assets_ignore=f"^({'|'.join(map(re.escape, IN_HEAD))})$",
        requests_pathname_prefix=settings.path_prefix,
        routes_pathname_prefix=settings.path_prefix,
        compress=True,
        title=say("frame.name"),
        update_title="",
        meta_tags=[
            {"name": "viewport", "content": "width=device-width, initial-scale=1"},
            {"name": "color-scheme", "content": "light dark"},
        ],
        on_error=on_error,
    )
    operations.install(app.server, settings)
    # Told to readers: where the answers live.
    app.server.config["ITEMWISE_TABLE"] = settings.table
    app.server.config["ITEMWISE_FOLDER"] = "" if settings.table else str(settings.folder)
    app.server.config["COMPRESS_ALGORITHM"] = ["zstd", "br", "gzip"]
    app.server.config["COMPRESS_MIN_SIZE"] = 1000
    app.index_string = document(app, settings)
    layouts = {name: page.layout() for name, page in BY_NAME.items()}
    app.layout = shell.layout(layouts)
    app.validation_layout = shell.everything(layouts)
    shell.register(app, service)
    for page in BY_NAME.values():
        page.register(app, service)
    downloads.register(app.server, service, settings)
    api.register(app.server, service, settings)
    access.install(app.server, settings, app.csp_hashes)
    rates.install(app.server, settings)
    forged.install(app)  # after the guard: a stranger is refused before a body is read
    return app
