#!/usr/bin/env bash
# Gradescope runs this as root when it builds the image: a Python of our own, torch for the CPU, gradlings.
# The system's python3 stays as it is, since Gradescope's own programs run on it.
set -euo pipefail
umask 022
source="${GRADLINGS_AUTOGRADER:-/autograder}/source"
home="${GRADLINGS_HOME:-/opt/gradlings}" # not below /root, which submissions must not read

if command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq || true
    command -v curl >/dev/null || apt-get install -y -qq --no-install-recommends ca-certificates curl
    # one more layer around submissions, where the platform lets it start
    apt-get install -y -qq --no-install-recommends bubblewrap || echo "bubblewrap could not be installed: done without"
fi

mkdir -p "$home"
export UV_PYTHON_INSTALL_DIR="$home/python"
uv="$(command -v uv || true)"
if [ -z "$uv" ]; then
    curl -LsSf https://astral.sh/uv/install.sh | env UV_INSTALL_DIR="$home/bin" UV_NO_MODIFY_PATH=1 sh
    uv="$home/bin/uv"
fi
"$uv" venv --python PYTHON_VERSION "$home/venv"
python="$home/venv/bin/python"
index="${GRADLINGS_TORCH_INDEX:-https://download.pytorch.org/whl/cpu}"
"$uv" pip install --python "$python" --index-url "$index" "torch==TORCH_VERSION"
"$uv" pip install --python "$python" --constraint "$source/constraints.txt" "$source"/gradlings-*.whl

# checks, hidden probes, answers and the grader itself are for root only
chmod -R go= "$source" "$home"/venv/lib/python*/site-packages/gradlings
