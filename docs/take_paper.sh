#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes docs/paper-small.md and its pictures of what `./run.sh paper --small --out DIR` has made.
#   docs/take_paper.sh DIR
set -euo pipefail
[ -f "${1:?usage: docs/take_paper.sh DIR}/report.md" ] || { echo "$0: $1 has no report.md" >&2; exit 1; }
docs=$(cd "$(dirname "$0")" && pwd)

for figure in "$1"/figures/*.pdf; do
    pdftoppm -r 150 -png -singlefile "$figure" "$docs/pictures/paper-small-$(basename "$figure" .pdf)"
done

# Links to files that stay with the runs become plain words; figures' files are the project's own.
sed -E -e 's#\]\(figures/([^)]*)\.svg\)#](pictures/paper-small-\1.png)#' \
    -e 's#\]\(figures/([^)]*\.toml)\)#](../resources/paper/small/\1)#' \
    -e 's#\[([A-Za-z]+)\]\((tables/[^)]*)\)#\1 (`DIR/\2`)#g' \
    -e 's#^Made by `wavlab paper` of the project resources/paper/small\.#Made by `./run.sh paper --small --out DIR` of the project [resources/paper/small](../resources/paper/small): this is its `DIR/report.md`, with pictures made of the PDFs (`docs/take_paper.sh DIR`).#' \
    "$1/report.md" >"$docs/paper-small.md"
