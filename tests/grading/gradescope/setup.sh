#!/usr/bin/env bash
# Gradescope runs this once, when the image is built: Python, bubblewrap, and R for R submissions.
set -euo pipefail
root=${AUTOGRADER_ROOT:-/autograder}
if command -v apt-get > /dev/null && [ "$(id -u)" = 0 ] && [ -z "${SKIP_PACKAGES:-}" ]; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends bubblewrap python3-venv \
        r-base-core r-cran-lme4 r-cran-lmertest r-cran-pbkrtest r-cran-jsonlite
fi
chmod 600 "$root/source/draw"
python3 -m venv "$root/source/.venv"
RPY2_CFFI_MODE=ABI "$root/source/.venv/bin/pip" install -q -e "$root/source[test,r]"
