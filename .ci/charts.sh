#!/bin/sh
# Put the small plotly.js beside the page's other assets. Ends with 1, and a sentence, where it cannot be had.
set -eu
cd "$(dirname "$0")/.."

if ! command -v npm >/dev/null 2>&1; then
    echo "npm is not installed, so charts use the full plotly.js: the same charts, a slower first page."
    exit 1
fi
version=$(sed -n 's/.*"plotly.js-basic-dist-min": "\([0-9.]*\)".*/\1/p' package.json)
target="assets/vendor-plotly-basic-$version.min.js"
if ! npm ci --silent --no-progress </dev/null; then
    echo "npm could not fetch plotly.js-basic-dist-min $version, so charts use the full plotly.js: the same charts, a slower first page."
    exit 1
fi
mkdir -p assets
rm -f assets/vendor-plotly-basic-*.min.js
cp node_modules/plotly.js-basic-dist-min/plotly-basic.min.js "$target"
