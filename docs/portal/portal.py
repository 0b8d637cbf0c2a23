"""An example of a school's portal that shows Itemwise in a frame, with Flask and PyJWT.

Copy what you need. ``sign`` and ``token`` are the whole of it on the server; all that says "demo" stands for what your
portal has already: its own sign-in, and its own knowledge of who teaches whom.
"""

import argparse
import json
import os
import secrets
import time
from pathlib import Path

import jwt
from flask import Flask, Response, abort, jsonify, redirect, render_template, request, send_from_directory, session

HERE = Path(__file__).parent

SETTINGS = """settings (environment variables):
  PORTAL_KEY       file of the key that tokens are signed with (JWK)
  PORTAL_ITEMWISE  address of Itemwise        (http://127.0.0.1:8050/)
  PORTAL_PORT      port to listen on          (8060)
  PORTAL_LIFE      seconds that a token lives (300)
"""


def sign(user: str, grant: dict, key: dict, life: int) -> str:
    """A token that says who asks and what they may see, for a few minutes."""
    now = int(time.time())
    claims = {"sub": user, "aud": "itemwise", "iat": now, "exp": now + life, "itemwise": grant}
    return jwt.encode(claims, jwt.PyJWK(key).key, algorithm=key["alg"], headers={"kid": key["kid"]})


def create_portal(key: dict, itemwise: str, life: int = 300) -> Flask:
    """The portal: a page with the frame, and the address that answers with a token."""
    portal = Flask(__name__, template_folder=HERE, static_folder=None)
    # Demo: a real portal keeps its secret, and sets SESSION_COOKIE_SECURE, since it is reached by https.
    portal.config.update(SECRET_KEY=secrets.token_bytes(), SESSION_COOKIE_SAMESITE="Lax")
    people = json.loads((HERE / "people.json").read_text("utf-8"))  # Demo: your database of users and classes

    @portal.post("/token")
    def token() -> Response:
        """A new token for whoever is signed in *here*. Nothing that the browser sends has a say in it."""
        user = session.get("user")
        if user not in people:
            abort(401)
        return jsonify(token=sign(user, people[user]["grant"], key, life))

    @portal.get("/")
    def page() -> str:
        person = people.get(session.get("user"))
        if person is None:
            return render_template("login.html")
        return render_template("index.html", name=person["name"], itemwise=itemwise)

    @portal.post("/")
    def login() -> Response:
        """Demo: anybody may be anybody."""
        session["user"] = request.form.get("user")
        return redirect("./", 303)

    @portal.post("/logout")
    def logout() -> Response:
        session.clear()
        return redirect("./", 303)

    @portal.get("/<any('itemwise.js', 'portal.css'):name>")
    def part(name: str) -> Response:
        return send_from_directory(HERE, name)

    @portal.after_request
    def headers(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
            f"frame-src {itemwise}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        response.headers["Cache-Control"] = "no-store"
        return response

    return portal


def main() -> None:
    """Serve the portal as the settings say."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=SETTINGS, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.parse_args()
    if "PORTAL_KEY" not in os.environ:
        parser.error("PORTAL_KEY must name the file of a key; python -m irt token --new-key makes one")
    key = json.loads(Path(os.environ["PORTAL_KEY"]).read_text("utf-8"))
    itemwise = os.environ.get("PORTAL_ITEMWISE", "http://127.0.0.1:8050/")
    portal = create_portal(key, itemwise, int(os.environ.get("PORTAL_LIFE", "300")))
    portal.run("localhost", int(os.environ.get("PORTAL_PORT", "8060")))


if __name__ == "__main__":
    main()
