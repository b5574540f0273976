#!/usr/bin/env bash
# Gradescope runs this once, when the image is built: Python 3.11 or newer, bubblewrap, and R for R submissions.
set -euo pipefail
root=${AUTOGRADER_ROOT:-/autograder}
python=python3
if command -v apt-get > /dev/null && [ "$(id -u)" = 0 ] && [ -z "${SKIP_PACKAGES:-}" ]; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends bubblewrap python3-venv \
        r-base-core r-cran-lme4 r-cran-lmertest r-cran-pbkrtest r-cran-jsonlite
    if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then # Ubuntu 22.04 has 3.10
        apt-get install -y -qq --no-install-recommends python3.11 python3.11-venv
        python=python3.11
    fi
fi
"$python" -m venv "$root/source/.venv"
"$root/source/.venv/bin/pip" install -q -e "$root/source[test]"
RPY2_CFFI_MODE=ABI "$root/source/.venv/bin/pip" install -q -e "$root/source[r]" &&
    RPY2_CFFI_MODE=ABI "$root/source/.venv/bin/python" -c "import rpy2.robjects" ||
    echo "R submissions cannot be graded in this image: rpy2 does not fit $(R --version 2> /dev/null | head -n 1)"
# Where bubblewrap cannot hide them: the suite and the draw are for root alone.
chmod -R go= "$root/source/draw" "$root/source/tests" "$root/source/reference" "$root/source/lmm_core"
