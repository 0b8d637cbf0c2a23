#!/bin/sh
# Make sure that the tests have what pip does not bring: a browser (Debian's chromium and chromium-driver), and PHP and
# Node for the example portals.
set -eu

have_browser() {
    for name in "${CHROMIUM:-chromium}" chromium-browser google-chrome google-chrome-stable; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ]
}

# Debian's packages of what is missing.
missing() {
    have_browser || echo chromium
    command -v chromedriver >/dev/null 2>&1 || echo chromium-driver
    command -v php >/dev/null 2>&1 || echo php-cli
    command -v node >/dev/null 2>&1 || echo nodejs
}

wanted=$(missing)
[ -z "$wanted" ] && exit 0

if [ -e /etc/debian_version ] && command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" -eq 0 ]; then
        as_root=""
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        as_root="sudo -n"
    else
        as_root="none"
    fi
    if [ "$as_root" != "none" ]; then
        echo "Installing for the tests:" $wanted
        export DEBIAN_FRONTEND=noninteractive
        { $as_root apt-get update -qq && $as_root apt-get install -qq -y --no-install-recommends $wanted; } >/dev/null </dev/null || true
        wanted=$(missing)
        [ -z "$wanted" ] && exit 0
    fi
fi

echo "The tests need these packages of Debian, which could not be installed here:" $wanted >&2
echo "On Debian: sudo apt-get install" $wanted". Elsewhere: install Chrome or Chromium with its chromedriver (or name the browser in CHROMIUM), PHP 8 and Node, and put all on PATH." >&2
exit 1
