#!/usr/bin/env bash
# run.sh BUILD [OPTIONS] - prepares what `./dev bench` needs (peers into venv/, probes and shims into BUILD/bench) and
# measures; bench.py --help lists the options, README.md says how to read the result.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set -euo pipefail
build=$(cd "${1:?usage: test/bench/run.sh BUILD [OPTIONS]}" && pwd)
shift
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$build/bench
mkdir -p "$work"
rm -rf "$work/iree" # modules of an earlier run

if [ "${1:-}" = --batcher ]; then
  shift
  "$build/bin/batten" build "$here/programs/perceptron.btn" -o "$work/libperceptron.so"
  clang-22 -O2 -I"$root" "$root/examples/make_inputs.c" "$build/runtime/libbatten_runtime.a" -lm -lpthread -ldl \
    -o "$work/make_inputs"
  "$work/make_inputs" "$work/perceptron.safetensors" 1 up:512,4096 down:4096,512
  clang++-22 -std=c++17 -O2 -I"$root" "$here/batcher.cpp" "$build/runtime/libbatten_runtime.a" -lpthread -ldl \
    -o "$work/batcher"
  exec python3 -B "$here/serving.py" "$build/bin/batten" "$work/batcher" "$work/libperceptron.so" \
    "$work/perceptron.safetensors" "$@"
fi

python=$root/venv/bin/python
[ -x "$python" ] || python3 -m venv "$root/venv"
installed=$root/venv/requirements.txt # what the folder holds; asking pip takes seconds
case " ${1:-} $* " in " ops "* | *" --help "* | *" -h "*) peers= ;; *) peers=yes ;; esac
if [ -z "$peers" ]; then
  "$python" -c 'import numpy' 2>/dev/null ||
    "$python" -m pip install -q --disable-pip-version-check "$(grep '^numpy==' "$here/requirements.txt")"
elif ! cmp -s "$here/requirements.txt" "$installed"; then
  echo "bench: installing the peers into venv/ (4 GB)" >&2
  "$python" -m pip install -q --disable-pip-version-check -r "$here/requirements.txt"
  cp "$here/requirements.txt" "$installed"
fi
case " $* " in *" --peers=all "* | *torch*) "$python" -c 'import torch' 2>/dev/null ||
  "$python" -m pip install -q --disable-pip-version-check torch==2.15.0 ;; esac

clang-22 -O2 -march=native -ffp-contract=fast -fno-builtin -Wall -Wextra -Werror -shared -fPIC "$here/probe.c" -lpthread \
  -o "$work/libprobe.so"
clang-22 -O2 -Wall -Wextra -Werror -I"$root" -shared -fPIC "$here/host.c" -Wl,--whole-archive \
  "$build/runtime/libbatten_runtime.a" -Wl,--no-whole-archive -lpthread -ldl -lstdc++ -o "$work/libhost.so"

export BATTEN_BENCH_BUILD=$build BATTEN_BENCH_WORK=$work TF_CPP_MIN_LOG_LEVEL=3
if grep -qw avx512f /proc/cpuinfo; then export OPENBLAS_CORETYPE=SkylakeX; fi # left to itself it is slow on AMD
export GLIBC_TUNABLES=glibc.malloc.hugetlb=1 # else who gets huge pages depends on what was freed before
export PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore
exec "$python" "$here/bench.py" "$@"
