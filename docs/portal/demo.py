"""Itemwise and a portal that shows it, both on this machine: ``make demo-portal``.

Their keys are made for the occasion. The portal is at localhost and Itemwise at 127.0.0.1: for a browser
these are two sites, as they are in a school.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def main() -> int:
    """Serve both until Ctrl-C, or until one of them ends."""
    given = _parser().parse_args()
    portal = {
        "python": [sys.executable, str(HERE / "portal.py")],
        "php": ["php", "-q", "-S", f"localhost:{given.portal_port}", str(HERE / "portal.php")],
        "node": ["node", str(HERE / "portal.mjs")],
    }[given.portal]
    if shutil.which(portal[0]) is None:
        print(f"{portal[0]} is not installed here.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        key, keys = Path(folder) / "portal-key.json", Path(folder) / "keys.json"
        make = [sys.executable, "-m", "irt", "token", "--new-key", "EdDSA", "--out", str(key)]
        keys.write_bytes(subprocess.run(make, cwd=ROOT, check=True, capture_output=True).stdout)
        origin = f"http://localhost:{given.portal_port}"
        itemwise = {
            "HOST": "127.0.0.1",
            "PORT": str(given.port),
            "ITEMWISE_EMBED_KEYS": str(keys),
            "ITEMWISE_PORTAL_ORIGINS": origin,
        }
        of_portal = {
            "PORTAL_KEY": str(key),
            "PORTAL_ITEMWISE": f"http://127.0.0.1:{given.port}{os.environ.get('ITEMWISE_PATH_PREFIX', '/')}",
            "PORTAL_PORT": str(given.portal_port),
            "PORTAL_LIFE": str(given.life),
        }
        started = [
            subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env={**os.environ, **itemwise}),
            subprocess.Popen(portal, env={**os.environ, **of_portal}),
        ]
        print(f"Open {origin} in a browser (Ctrl+C stops both).", flush=True)
        return _until_one_ends(started)


def _until_one_ends(started: list[subprocess.Popen]) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        while all(process.poll() is None for process in started):
            time.sleep(0.2)
        return max(abs(process.returncode or 0) for process in started)
    except KeyboardInterrupt:
        return 0
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--portal", choices=("python", "php", "node"), default="python", help="which of the examples")
    parser.add_argument("--port", type=int, default=8050, help="port of Itemwise (8050)")
    parser.add_argument("--portal-port", type=int, default=8060, help="port of the portal (8060)")
    parser.add_argument("--life", type=int, default=300, help="seconds that a token lives (300)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
