#!/usr/bin/env bash
# run.sh BUILD - the main job on real files: eight models to libraries, embedded in C and C++ programs, and run.
set -euo pipefail
build=$(cd "${1:?usage: examples/run.sh BUILD}" && pwd)
cd "$(dirname "$0")"
batten=$build/bin/batten
out=$build/examples
mkdir -p "$out"
cc=$(command -v cc || command -v clang-22)
cxx=$(command -v c++ || command -v clang++-22)
warnings=(-Wall -Wextra -Wpedantic -Werror)

echo "1. inputs and weights"
"$cc" -O2 -I.. make_inputs.c "$build/runtime/libbatten_runtime.a" -lm -lpthread -ldl -o "$out/make_inputs"
inputs() { "$out/make_inputs" "$out/$1" "${@:2}"; }
inputs simple.x.npy 1 32 10
inputs simple.safetensors 2 fc.weight:5,10 fc.bias:5
inputs qproj.x.npy 3 32 128 512
inputs qproj.wq.npy 4 512 64
inputs encoder.x.npy 5 4 128 256
inputs encoder.safetensors 6 encoder.g1:256 encoder.b1:256 encoder.g2:256 encoder.b2:256 \
  encoder.mha.wqkv:256,768 encoder.mha.bqkv:768 encoder.mha.wo:256,256 encoder.mha.bo:256 \
  encoder.mlp.up:256,1024 encoder.mlp.bup:1024 encoder.mlp.down:1024,256 encoder.mlp.bdown:256
inputs decode.safetensors 7 wq:1024,1024:bf16 wk:1024,1024:bf16 wv:1024,1024:bf16 wo:1024,1024:bf16
inputs cnn.x.npy 8 16 1 28 28
inputs cnn.safetensors 9 w1:32,1,3,3 b1:32 w2:64,32,3,3 b2:64 w3:10,2304 b3:10
inputs norms.x.npy 20 2 24 768
inputs norms.g.npy 21 768
inputs norms.b.npy 22 768
inputs mha.x1.npy 23 3 1 512
inputs mha.x40.npy 24 2 40 512
inputs mha.safetensors 25 mha.wqkv:512,1536 mha.wo:512,512
inputs train.x.npy 26 32 784
inputs train.y.npy below 10 27 32
inputs train.safetensors 28 w1:784,128 b1:128 w2:128,10 b2:10
for step in 0 1 2; do # two sequences, each at its own position
  inputs decode.x$step.npy 1$step 2 1024
  inputs decode.at$step.npy = $step $((5 + step))
done

echo "2. the double-precision reference"
run() { "$batten" run "$1/$1.btn" "$2" --evaluate "${@:3}"; }
run simple forward --weights="$out/simple.safetensors" --x="@$out/simple.x.npy" -o "$out/simple.y.npy"
run qproj q_proj --x="@$out/qproj.x.npy" --wq="@$out/qproj.wq.npy" -o "$out/qproj.q.npy"
run encoder forward --weights="$out/encoder.safetensors" --x="@$out/encoder.x.npy" -o "$out/encoder.y.npy"
run cnn classify --weights="$out/cnn.safetensors" --x="@$out/cnn.x.npy" -o "$out/cnn.y.npy"
run norms ln --x="@$out/norms.x.npy" --g="@$out/norms.g.npy" --b="@$out/norms.b.npy" -o "$out/norms.y.npy"
for length in 1 40; do
  run mha forward --weights="$out/mha.safetensors" --x="@$out/mha.x$length.npy" -o "$out/mha.y$length.npy"
done
batch=(--p="@$out/train.safetensors" --x="@$out/train.x.npy" --y="@$out/train.y.npy")
"$batten" run train/loss.btn losses --evaluate "${batch[@]}" -o "$out/train.losses.npy"
"$batten" run train/loss.btn loss --evaluate "${batch[@]}" -o "$out/train.loss.npy"
caches=(--kc=zeros --vc=zeros)
for step in 0 1 2; do
  run decode decode --weights="$out/decode.safetensors" --x="@$out/decode.x$step.npy" --at="@$out/decode.at$step.npy" \
    "${caches[@]}" -o "$out/decode.y$step.npy"
  caches=(--kc="@$out/decode.y$step.kc.npy" --vc="@$out/decode.y$step.vc.npy")
done

echo "3. eight libraries and their headers"
for source in simple/simple qproj/qproj encoder/encoder decode/decode cnn/cnn norms/norms mha/mha train/loss; do
  model=${source#*/}
  "$batten" build "$source.btn" -o "$out/lib$model.so" 2> /dev/null
  printf '   lib%s.so %s bytes, %s.h\n' "$model" "$(stat -c %s "$out/lib$model.so")" "$model"
done

echo "4. six C programs and a C++ program with them inside"
link=(-L"$out" -Wl,-rpath,"$out" "$build/runtime/libbatten_runtime.a" -lm -lpthread -ldl)
"$cc" -std=c11 -O2 -D_GNU_SOURCE "${warnings[@]}" -I"$out" -I. -I.. simple/main.c -lsimple -lqproj "${link[@]}" -o "$out/embed_c"
"$cxx" -std=c++17 -O2 "${warnings[@]}" -I"$out" -I. -I.. encoder/main.cpp -lencoder "${link[@]}" -o "$out/embed_cpp"
"$cc" -std=c11 -O2 -D_GNU_SOURCE "${warnings[@]}" -I"$out" -I. -I.. decode/main.c -ldecode "${link[@]}" -o "$out/embed_decode"
"$cc" -std=c11 -O2 -D_GNU_SOURCE "${warnings[@]}" -I"$out" -I. -I.. cnn/main.c -lcnn "${link[@]}" -o "$out/embed_cnn"
for model in norms mha; do
  "$cc" -std=c11 -O2 -D_GNU_SOURCE "${warnings[@]}" -I"$out" -I. -I.. $model/main.c -l$model "${link[@]}" -o "$out/embed_$model"
done
"$cc" -std=c11 -O2 -D_GNU_SOURCE "${warnings[@]}" -I"$out" -I. -I.. train/main.c -lloss "${link[@]}" -o "$out/embed_train"

echo "5. what they say"
"$out/embed_c" "$out"
"$out/embed_cpp" "$out"
"$out/embed_decode" "$out"
"$out/embed_cnn" "$out"
"$out/embed_norms" "$out"
"$out/embed_mha" "$out"
"$out/embed_train" "$out"
