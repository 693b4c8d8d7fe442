#!/usr/bin/env bash
# run.sh BUILD - the language model with small sizes on real files: library, reference, a C++ program with it inside.
set -euo pipefail
build=$(cd "${1:?usage: examples/lm/run.sh BUILD}" && pwd)
cd "$(dirname "$0")/.."
batten=$build/bin/batten
out=$build/examples
mkdir -p "$out"
cc=$(command -v cc || command -v clang-22)
cxx=$(command -v c++ || command -v clang++-22)
sizes=(--dim V=500 --dim D=96 --dim L=2) # those of the source are of GPT-2 small: 500 MB of weights

"$cc" -O2 -I.. make_inputs.c "$build/runtime/libbatten_runtime.a" -lm -lpthread -ldl -o "$out/make_lm_inputs"
blocks=()
for block in 0 1; do
  for weight in n1:96 n2:96 wqkv:96,288 wo:96,96 mlp.up:96,384 mlp.down:384,96; do blocks+=("h.$block.$weight"); done
done
"$out/make_lm_inputs" "$out/lm.safetensors" 8 wte:500,96 wpe:1024,96 nf:96 "${blocks[@]}"
"$out/make_lm_inputs" "$out/lm.ids.npy" below 500 9 2 20
"$out/make_lm_inputs" "$out/lm.next.npy" below 500 10 2 20

reference() { "$batten" run lm/lm.btn "$1" "${sizes[@]}" --evaluate --weights="$out/lm.safetensors" "${@:2}" -o "$out/lm.$1.npy"; }
reference logits --ids="@$out/lm.ids.npy"
reference nll --ids="@$out/lm.ids.npy" --next="@$out/lm.next.npy"

"$batten" build lm/lm.btn "${sizes[@]}" -o "$out/liblm.so" 2> /dev/null
"$cxx" -std=c++17 -O2 -Wall -Wextra -Wpedantic -Werror -I"$out" -I. -I.. lm/main.cpp -L"$out" -Wl,-rpath,"$out" -llm \
  "$build/runtime/libbatten_runtime.a" -lm -lpthread -ldl -o "$out/embed_lm"
"$out/embed_lm" "$out"
