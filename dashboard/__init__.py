"""The dashboard: create_app(service, settings) -> Dash."""

from __future__ import annotations

from pathlib import Path

from dash import Dash

from dashboard import access, api, downloads, forged, shell
from dashboard.pages import BY_NAME
from dashboard.reading import on_error
from dashboard.words import LANGUAGE, say
from irt.service import Service
from irt.settings import Settings

__all__ = ["create_app"]

_ASSETS = Path(__file__).parent.parent / "assets"

_INDEX = """<!DOCTYPE html>
<html lang="{language}">
    <head>
        {{%metas%}}
        <title>{name}</title>
        {{%favicon%}}
        <script src="{boot}"></script>
        {{%css%}}
    </head>
    <body>
        {{%app_entry%}}
        <noscript>{noscript}</noscript>
        <footer>{{%config%}}{{%scripts%}}{{%renderer%}}</footer>
    </body>
</html>"""


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
        assets_ignore=r"^boot\.js$",  # loaded in the head, before the first paint
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
    # Told to readers: where the answers live.
    app.server.config["ITEMWISE_TABLE"] = settings.table
    app.server.config["ITEMWISE_FOLDER"] = "" if settings.table else str(settings.folder)
    app.server.config["COMPRESS_ALGORITHM"] = ["zstd", "br", "gzip"]
    app.server.config["COMPRESS_MIN_SIZE"] = 1000
    app.index_string = _INDEX.format(
        language=LANGUAGE, name=say("frame.name"), boot=app.get_asset_url("boot.js"), noscript=say("frame.noscript")
    )
    layouts = {name: page.layout() for name, page in BY_NAME.items()}
    app.layout = shell.layout(layouts)
    app.validation_layout = shell.everything(layouts)
    shell.register(app, service)
    for page in BY_NAME.values():
        page.register(app, service)
    downloads.register(app.server, service, settings)
    api.register(app.server, service, settings)
    access.install(app.server, settings, app.csp_hashes)
    forged.install(app)  # after the guard: a stranger is refused before a body is read
    return app
