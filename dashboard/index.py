"""The HTML document that every page starts from: no data, the same for everybody."""

from __future__ import annotations

from html import escape

from dash import Dash

from dashboard.state import PAGES
from dashboard.words import LANGUAGE, say
from irt.settings import Settings

#: Scripts of ``assets/`` that stand in the head: they run before the first paint and before the first call.
IN_HEAD = ("boot.js", "portal.js")

#: Sentences of ``assets/portal.js``, which speaks while there is no page yet; each with its title, or by itself.
_TOLD, _WORDS = ("alone", "silent", "ended", "refused"), ("again", "offline")

# Braces in pairs are Dash's.
_INDEX = """<!DOCTYPE html>
<html lang="{language}" data-access="{access}" data-portals="{portals}" data-pages="{pages}">
    <head>
        {{%metas%}}
        <title>{name}</title>
        {{%favicon%}}
        {scripts}
        {{%css%}}
    </head>
    <body>
        <div id="portal" aria-live="assertive" {words}></div>
        {{%app_entry%}}
        <noscript>{noscript}</noscript>
        <footer>{{%config%}}{{%scripts%}}{{%renderer%}}</footer>
    </body>
</html>"""


def document(app: Dash, settings: Settings) -> str:
    """Dash's template of the document (``index_string``).

    Parameters
    ----------
    app : Dash
    settings : Settings
        Tells the browser where tokens come from: ``data-access`` and ``data-portals``.

    Notes
    -----
    ``data-pages`` are the places to which a portal may lead.
    """
    words = {f"data-{kind}-title": say(f"frame.portal_{kind}_title") for kind in _TOLD}
    words |= {f"data-{kind}": say(f"frame.portal_{kind}") for kind in (*_TOLD, *_WORDS)}
    words["data-last-good"] = say("frame.last_good")
    return _INDEX.format(
        language=LANGUAGE,
        access=access_mode(settings),
        pages=" ".join(PAGES),
        portals=escape(" ".join(settings.portal_origins)),
        name=escape(say("frame.name")),
        scripts="".join(f'<script src="{app.get_asset_url(name)}"></script>' for name in IN_HEAD),
        words=" ".join(f'{name}="{escape(text)}"' for name, text in words.items()),
        noscript=escape(say("frame.noscript")),
    )


def access_mode(settings: Settings) -> str:
    """Whether a page waits for a token: ``token`` always, ``either`` inside a portal, ``open`` never."""
    if settings.embed_keys is None:
        return "open"
    return "either" if settings.login_proxies else "token"
