// ExplainRun.cpp - pages of `batten explain`: E06xx, what happens at run time, and warnings.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Explain.h"

namespace batten::frontend {

const std::vector<Page> runPages = {
    {"E0601", "beyond a limit",
     R"(
Sizes and numbers are 64-bit, a tensor has at most 2^63 - 1 bytes, loops unroll to at most 4,096 turns, a file has at most 16 MiB,
models are nested at most 256 deep and have at most 65,536 instances.
)",
     R"(
dim A = 4294967296, D = A * A
fn f(x: f32[| D]) -> f32[| D] = x
)",
     R"(
dim A = 4294, D = A * A
fn f(x: f32[| D]) -> f32[| D] = x
)"},
    {"E0602", "not compiled yet",
     R"(
The program is right, but this version makes no code for what the message points to. `batten check` takes it.
)",
     R"(
dim B
pub fn slope(x: f32[B | 4], w: f32[| 4]) -> f32[| 4] = grad sum(sum(x * w) over batch B) wrt w
$ batten build ex.btn -o ex.so
)",
     R"(
dim B
pub fn slope(x: f32[B | 4], w: f32[| 4]) -> f32[| 4] = sum(x * w over batch B)
$ batten build ex.btn -o ex.so
)"},
    {"R0001", "an argument of another shape or dtype",
     R"(
What was given does not fit the signature: rank, a core size, or a dim that another argument has bound to another size.
)",
     R"(
dim B, T
pub fn f(x: f32[B | 4]) -> f32[B | 4] = x
pub fn g(x: f32[B | 5]) -> f32[B | 5] = x
$ batten run ex.btn f --x=zeros --dim B=2 -o y.npy && batten run ex.btn g --x=@y.npy
)",
     R"(
dim B, T
pub fn f(x: f32[B | 4]) -> f32[B | 4] = x
pub fn g(x: f32[B | 4]) -> f32[B | 4] = x
$ batten run ex.btn f --x=zeros --dim B=2 -o y.npy && batten run ex.btn g --x=@y.npy
)"},
    {"R0002", "a size out of range",
     R"(
A size is negative, above its dim's bound, 0 where the dim is bounded, or breaks a `where`.
)",
     R"(
dim B, T <= 16
pub fn f(x: f32[B | T]) -> f32[B | T] = relu(x)
$ batten run ex.btn f --x=zeros --dim B=2 --dim T=20
)",
     R"(
dim B, T <= 16
pub fn f(x: f32[B | T]) -> f32[B | T] = relu(x)
$ batten run ex.btn f --x=zeros --dim B=2 --dim T=10
)"},
    {"R0003", "an empty batch",
     R"(
`mean`, `max`, `min` and `var` over no samples have no value. A sum is 0, `any` false, `all` true.
)",
     R"(
dim B
pub fn f(x: f32[B |]) -> f32 = mean(x over batch B)
$ batten run ex.btn f --x=zeros --dim B=0
)",
     R"(
dim B
pub fn f(x: f32[B |]) -> f32 = sum(x over batch B)
$ batten run ex.btn f --x=zeros --dim B=0
)"},
    {"R0004", "an index out of range",
     R"(
With `--check-ids` a call refuses an id outside of the table of `embed`, and a position outside of what `update` writes, where
they are arguments. Without, such a row is NaN or nothing is written, and no memory outside is touched.
)",
     R"(
dim B
pub fn f(table: f32[| 5, 2], id: i32[B |]) -> f32[B | 2] = embed(table, id)
$ batten run ex.btn f --table=normal:1 --id=iota --dim B=6 --check-ids
)",
     R"(
dim B
pub fn f(table: f32[| 5, 2], id: i32[B |]) -> f32[B | 2] = embed(table, id)
$ batten run ex.btn f --table=normal:1 --id=iota --dim B=5 --check-ids
)"},
    {"R0005", "no CPU level for this machine",
     R"(
The program was built for CPUs that this one is not. `--target=cpu:x86-64-v3` runs on every x86-64 with AVX2; several levels may
stand in one library, `--target=cpu:x86-64-v3,x86-64-v4`.
)",
     R"(
dim B
pub fn f(x: f32[B | 4]) -> f32[B | 4] = relu(x)
$ batten run ex.btn f --x=zeros --dim B=2 --target=cpu:diamondrapids
)",
     R"(
dim B
pub fn f(x: f32[B | 4]) -> f32[B | 4] = relu(x)
$ batten run ex.btn f --x=zeros --dim B=2
)"},
    {"dropped-rows", "rows of an image that no window reaches",
     R"(
Windows stand `stride` apart; where they do not come out even, what is behind the last one is dropped. That is often meant, so
the warning is off unless `-Wdropped-rows` is given.
)",
     R"(
dim B
pub fn f(x: f32[B | 3, 9, 9]) -> f32[B | 3, 4, 4] = max_pool2d(x, k: 2)
$ batten check -Wdropped-rows ex.btn
)",
     R"(
dim B
pub fn f(x: f32[B | 3, 9, 9]) -> f32[B | 3, 4, 4] = max_pool2d(x[| :, 0:8, 0:8], k: 2)
$ batten check -Wdropped-rows ex.btn
)"},
    {"no-costs", "work that cannot be counted",
     R"(
`batten inspect` and `batten bench` count operations and bytes by a formula for each op; for what the message names there is
none, so the sums are without it.
)",
     R"(
dim B
pub fn slope(x: f32[B | 4], w: f32[| 4]) -> f32[| 4] = grad sum(sum(x * w) over batch B) wrt w
$ batten inspect ex.btn
)",
     R"(
dim B
pub fn slope(x: f32[B | 4], w: f32[| 4]) -> f32[| 4] = sum(x * w over batch B)
$ batten inspect ex.btn
)"},
    {"non-finite", "weights that are no numbers",
     R"(
The weights that are built in hold NaN or infinities, as a training that diverged leaves them: whatever reads one gives NaN.
The message names the tensor, how many there are and where the first one is.
)",
     R"(
dim B
model M {
  param w: f32[| 5, 10]   fn apply(x: f32[| 10]) -> f32[| 5] = linear(x, w)
}
pub fn f(x: f32[B | 10]) -> f32[B | 5] = M(x)
# w.safetensors holds w F32 5,10
$ printf '\377\377\377\377\377\377\377\377' | dd of=w.safetensors bs=1 seek=100 conv=notrunc status=none; batten build --weights=w.safetensors:embed -o ex.o ex.btn
)",
     R"(
dim B
model M {
  param w: f32[| 5, 10]   fn apply(x: f32[| 10]) -> f32[| 5] = linear(x, w)
}
pub fn f(x: f32[B | 10]) -> f32[B | 5] = M(x)
# w.safetensors holds w F32 5,10
$ batten build --weights=w.safetensors:embed -o ex.o ex.btn
)"},
    {"perf", "work that a program written in another way would not ask for",
     R"(
`batten build -Wperf` shows what each call does beside computing, and what is slower than it need be:
- A kernel copies values into another order; a right-hand side of a product is no weight, so that it is packed in every call
  and not once in the bind.
- Products of bf16 at a CPU level without instructions for it widen both sides at every reading. Of many rows it is quicker
  to widen each once, `(x as f32) @ (w as f32)`, which takes twice the memory.
- `sum(outer(x, y) over batch T)` reads each side again for every element of the other. If `T` has a bound, it is one product:
  `rearrange(x, [T | D] -> [| D, T]) @ rearrange(y, [T | E] -> [| T, E])`.
Nothing is said where no other way of writing it is quicker.
)",
     R"(
dim B
pub fn f(x: f32[B | 64, 64], w: f32[| 64, 64]) -> f32[B | 64, 64] = x @ w
$ batten build -Wperf -o ex.o --target=cpu:x86-64-v3 ex.btn
)",
     R"(
dim B
model M {
  param w: f32[| 64, 64]   fn apply(x: f32[| 64, 64]) -> f32[| 64, 64] = x @ w
}
pub fn f(x: f32[B | 64, 64]) -> f32[B | 64, 64] = M(x)
$ batten build -Wperf -o ex.o --target=cpu:x86-64-v3 ex.btn
)"},
    {"shared-weight", "two params that are one tensor by chance",
     R"(
`M(x)` reads the weights of `M` by their plain names, so that two models called like this share what they call alike. An instance,
`sub n: N`, has names of its own, `n.w`. Where one tensor is meant for both, `from` says so.
)",
     R"(
dim B
model M { param w: f32[| 4, 4]   fn apply(x: f32[| 4]) -> f32[| 4] = x @ w }
model N { param w: f32[| 4, 4]   fn apply(x: f32[| 4]) -> f32[| 4] = relu(x @ w) }
pub fn f(x: f32[B | 4]) -> f32[B | 4] = N(M(x))
)",
     R"(
dim B
model M { param w: f32[| 4, 4]   fn apply(x: f32[| 4]) -> f32[| 4] = x @ w }
model N { param w: f32[| 4, 4]   fn apply(x: f32[| 4]) -> f32[| 4] = relu(x @ w) }
sub n: N
pub fn f(x: f32[B | 4]) -> f32[B | 4] = n(M(x))
)"},
    {"unused-fn", "a function that nothing calls",
     R"(
It is no `pub fn`, and neither a function nor a test of this file calls it. A file without a `pub fn` is a library, and is not warned
of. A name that begins with `_` is meant so.
)",
     R"(
dim B
fn double(x: f32[| 4]) -> f32[| 4] = x * 2.0
pub fn f(x: f32[B | 4]) -> f32[B | 4] = relu(x)
)",
     R"(
dim B
fn double(x: f32[| 4]) -> f32[| 4] = x * 2.0
pub fn f(x: f32[B | 4]) -> f32[B | 4] = relu(double(x))
)"},
    {"unused-let", "a name that nothing reads",
     R"(
The value of a `let` or `var` goes nowhere; it is not computed either. A name that begins with `_` is meant so.
)",
     R"(
dim B
pub fn f(x: f32[B | 4]) -> f32[B | 4] {
  let h = relu(x)
  return x
}
)",
     R"(
dim B
pub fn f(x: f32[B | 4]) -> f32[B | 4] {
  let h = relu(x)
  return h
}
)"},
    {"unused-param", "a parameter or weight that nothing reads",
     R"(
A parameter of a function without influence on what it returns, or a `param` that no function of its model reads: such a weight is
looked for in no file, and is no part of the C header. A name that begins with `_` is meant so.
)",
     R"(
dim B
model M {
  param w: f32[| 5, 10]   param b: f32[| 5]   fn apply(x: f32[| 10]) -> f32[| 5] = linear(x, w)
}
pub fn f(x: f32[B | 10]) -> f32[B | 5] = M(x)
)",
     R"(
dim B
model M {
  param w: f32[| 5, 10]   param b: f32[| 5]   fn apply(x: f32[| 10]) -> f32[| 5] = linear(x, w, b)
}
pub fn f(x: f32[B | 10]) -> f32[B | 5] = M(x)
)"},
    {"unused-tensor", "a tensor that the program does not read",
     R"(
The weights file holds more than the program declares: nothing is wrong, unless a `param` was forgotten.
)",
     R"(
dim B
model M {
  param w: f32[| 5, 10]   fn apply(x: f32[| 10]) -> f32[| 5] = linear(x, w)
}
pub fn f(x: f32[B | 10]) -> f32[B | 5] = M(x)
# w.safetensors holds w F32 5,10 b F32 5
$ batten check --weights=w.safetensors ex.btn
)",
     R"(
dim B
model M {
  param w: f32[| 5, 10]   param b: f32[| 5]   fn apply(x: f32[| 10]) -> f32[| 5] = linear(x, w, b)
}
pub fn f(x: f32[B | 10]) -> f32[B | 5] = M(x)
# w.safetensors holds w F32 5,10 b F32 5
$ batten check --weights=w.safetensors ex.btn
)"},
};

} // namespace batten::frontend
