#!/bin/sh
# Make sure that the browser tests have a browser: Debian's chromium and chromium-driver.
set -eu

have_browser() {
    for name in "${CHROMIUM:-chromium}" chromium-browser google-chrome google-chrome-stable; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ]
}
have_all() { have_browser && command -v chromedriver >/dev/null 2>&1; }

have_all && exit 0

if [ -e /etc/debian_version ] && command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" -eq 0 ]; then
        as_root=""
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        as_root="sudo -n"
    else
        as_root="none"
    fi
    if [ "$as_root" != "none" ]; then
        echo "Installing a browser for the tests (chromium, chromium-driver)."
        export DEBIAN_FRONTEND=noninteractive
        { $as_root apt-get update -qq && $as_root apt-get install -qq -y --no-install-recommends chromium chromium-driver; } >/dev/null </dev/null || true
        have_all && exit 0
    fi
fi

echo "The browser tests need Chromium and chromedriver, and they could not be installed here." >&2
echo "On Debian: sudo apt-get install chromium chromium-driver. Elsewhere: install Chrome or Chromium with its chromedriver, put both on PATH (or name the browser in CHROMIUM)." >&2
exit 1
