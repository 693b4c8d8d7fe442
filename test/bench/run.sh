#!/usr/bin/env bash
# run.sh BUILD [--torch] [--seconds S] [--out FILE] - compiles the benchmark programs with BUILD/bin/batten and measures
# them beside other libraries; README.md says how to read it. Puts those libraries into venv/ (500 MB; --torch: 9 GB).
# run.sh BUILD --batcher - single samples from many threads, by calls of their own and through a batcher.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set -euo pipefail
build=$(cd "${1:?usage: test/bench/run.sh BUILD [--batcher | --torch] [--seconds S] [--out FILE]}" && pwd)
shift
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$build/bench
mkdir -p "$work"

if [ "${1:-}" = --batcher ]; then
  "$build/bin/batten" build "$here/programs/perceptron.btn" -o "$work/libperceptron.so"
  clang-22 -O2 -I"$root" "$root/examples/make_inputs.c" "$build/runtime/libbatten_runtime.a" -lm -lpthread -ldl \
    -o "$work/make_inputs"
  "$work/make_inputs" "$work/perceptron.safetensors" 1 up:512,4096 down:4096,512
  clang++-22 -std=c++17 -O2 -I"$root" "$here/batcher.cpp" "$build/runtime/libbatten_runtime.a" -lpthread -ldl \
    -o "$work/batcher"
  exec "$work/batcher" "$work/libperceptron.so" "$work/perceptron.safetensors"
fi

[ -x "$root/venv/bin/python" ] || python3 -m venv "$root/venv"
pip() { "$root/venv/bin/python" -m pip install -q --disable-pip-version-check "$@"; }
pip -r "$here/requirements.txt"
case " $* " in *" --torch "*) pip torch==2.15.0 ;; esac

clang-22 -O2 -march=native -ffp-contract=fast -fno-builtin -Wall -Wextra -Werror -shared -fPIC "$here/probe.c" \
  -o "$work/libprobe.so"

# One thread for everybody. NumPy's OpenBLAS picks a slow kernel on AMD when left to itself.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
if grep -qw avx512f /proc/cpuinfo; then export OPENBLAS_CORETYPE=SkylakeX; fi
exec "$root/venv/bin/python" "$here/bench.py" "$build" "$work" "$@"
