// ExplainShapes.cpp - pages of `batten explain`: E02xx, shapes.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Explain.h"

namespace batten::frontend {

const std::vector<Page> shapePages = {
    {"E0201", "a product of sizes that differ",
     R"(
`a @ b` sums over the last core dim of `a` and the first of `b`: `(m,k) @ (k,n)`. `linear(x, w)` takes the weight as (out, in),
which is how PyTorch stores it.
)",
     R"(
dim B
pub fn f(x: f32[B | 10], w: f32[| 5, 10]) -> f32[B | 5] = x @ w
)",
     R"(
dim B
pub fn f(x: f32[B | 10], w: f32[| 5, 10]) -> f32[B | 5] = linear(x, w)
)"},
    {"E0202", "an unbounded dim right of the bar",
     R"(
Core dims can be summed over. A dim without a bound may be the batch, and samples must not mix unseen, so it stands left only.
Give a bound, `dim T <= 2048`, to what is really a part of one sample.
)",
     R"(
dim B
pub fn f(x: f32[| B, 10]) -> f32[| B, 10] = relu(x)
)",
     R"(
dim B
pub fn f(x: f32[B | 10]) -> f32[B | 10] = relu(x)
)"},
    {"E0203", "a batch dim reduced without `over batch`",
     R"(
Reducing over a batch dim brings samples together; that has to be said.
)",
     R"(
dim B
pub fn f(x: f32[B |]) -> f32 = mean(x over B)
)",
     R"(
dim B
pub fn f(x: f32[B |]) -> f32 = mean(x over batch B)
)"},
    {"E0204", "no such dim",
     R"(
Every dim is declared: `dim B` in the file or model, or `<N>` behind the function's name.
)",
     R"(
pub fn f(x: f32[B | 4]) -> f32[B | 4] = relu(x)
)",
     R"(
dim B
pub fn f(x: f32[B | 4]) -> f32[B | 4] = relu(x)
)"},
    {"E0205", "batch dims that do not fit together",
     R"(
One operand's batch dims must be among the other's, in the same order; what is missing is repeated. `[B]` with `[T]` would be
an outer product, which is never formed silently: `spread` repeats a value over more dims.
)",
     R"(
dim B, T
pub fn f(tok: f32[B | 4], pos: f32[T | 4]) -> f32[B, T | 4] = tok + pos
)",
     R"(
dim B, T
pub fn f(tok: f32[B | 4], pos: f32[T | 4]) -> f32[B, T | 4] = spread(tok, [B, T]) + pos
)"},
    {"E0206", "core dims that differ",
     R"(
Element-wise ops need equal core dims, or an empty core on one side. A size of 1 does not stretch; `x[| 0]` drops it.
)",
     R"(
dim B
pub fn f(pred: f32[B | 1], y: f32[B | 10]) -> f32[B | 10] = pred - y
)",
     R"(
dim B
pub fn f(pred: f32[B | 1], y: f32[B | 10]) -> f32[B | 10] = pred[| 0] - y
)"},
    {"E0207", "a division of sizes with a remainder",
     R"(
`/` between sizes is exact. `div(a, b)` rounds down.
)",
     R"(
dim B, D = 512, H = 12, Dh = D / H
pub fn f(x: f32[B | Dh]) -> f32[B | Dh] = x
)",
     R"(
dim B, D = 512, H = 12, Dh = div(D, H)
pub fn f(x: f32[B | Dh]) -> f32[B | Dh] = x
)"},
    {"E0208", "rearrange loses, repeats or invents a dim",
     R"(
Each dim stands once on both sides of `->`. To lose one, reduce it first.
)",
     R"(
dim B, T <= 64, D = 8
pub fn f(x: f32[B | T, D]) -> f32[B | D] = rearrange(x, [B | T, D] -> [B | D])
)",
     R"(
dim B, T <= 64, D = 8
pub fn f(x: f32[B | T, D]) -> f32[B | D] = mean(x over T)
)"},
    {"E0209", "a tensor type without a bar",
     R"(
The bar tells which dims are positions that do not see each other (left) and which are one position's value (right). A weight
has all its dims right: `f32[| 5, 10]`.
)",
     R"(
dim B
pub fn f(x: f32[B, 784]) -> f32[B | 784] = x
)",
     R"(
dim B
pub fn f(x: f32[B | 784]) -> f32[B | 784] = x
)"},
    {"E0210", "no dim named",
     R"(
With more than one core dim there is no default axis: say `over H`, `over last` or `over core`.
)",
     R"(
dim B, T <= 64, S = 8
pub fn f(x: f32[B | T, S]) -> f32[B | T, S] = softmax(x)
)",
     R"(
dim B, T <= 64, S = 8
pub fn f(x: f32[B | T, S]) -> f32[B | T, S] = softmax(x over S)
)"},
    {"E0211", "an index without a bar",
     R"(
Only core dims are indexed, one entry for each: `x[| 0]` is feature 0 of every sample. A sample is chosen by the caller.
)",
     R"(
dim B
pub fn f(x: f32[B | 10]) -> f32[B |] = x[0]
)",
     R"(
dim B
pub fn f(x: f32[B | 10]) -> f32[B |] = x[| 0]
)"},
    {"E0212", "a batch dim twice",
     R"(
Batch dims are names; a list has each once. Two axes of one length are two dims.
)",
     R"(
dim B
pub fn f(x: f32[B, B | 4]) -> f32[B, B | 4] = relu(x)
)",
     R"(
dim B, T
pub fn f(x: f32[B, T | 4]) -> f32[B, T | 4] = relu(x)
)"},
    {"E0213", "nothing to reduce",
     R"(
The value has no core dims. PyTorch's `mean` without a dim averages over all; here the batch is named: `over batch B`.
)",
     R"(
dim B
pub fn f(x: f32[B | 4], y: i32[B |]) -> f32 = mean(cross_entropy(x, y))
)",
     R"(
dim B
pub fn f(x: f32[B | 4], y: i32[B |]) -> f32 = mean(cross_entropy(x, y) over batch B)
)"},
    {"E0214", "a number left of the bar",
     R"(
Batch dims are names. Declare one, `dim N = 8`, or write the number right of the bar.
)",
     R"(
pub fn f(x: f32[8 | 4]) -> f32[8 | 4] = relu(x)
)",
     R"(
dim N = 8
pub fn f(x: f32[N | 4]) -> f32[N | 4] = relu(x)
)"},
    {"E0215", "an argument, result or annotation that does not fit",
     R"(
The rank, a core size or the batch dims differ from what is declared; the message shows both types. A function for one sample
lifts over further batch dims, never over core dims.
)",
     R"(
dim B
pub fn f(x: f32[B | 4]) -> f32 = sum(x)
)",
     R"(
dim B
pub fn f(x: f32[B | 4]) -> f32[B |] = sum(x)
)"},
    {"E0216", "sizes not provably equal",
     R"(
Two sizes that are known at run time only, or two formulas, may differ. `where` states that they agree: it is checked once,
when the function is called.
)",
     R"(
dim B, M <= 64, N <= 64
pub fn f(x: f32[B | M], y: f32[B | N]) -> f32[B | M] = x + y
)",
     R"(
dim B, M <= 64, N <= 64
pub fn f(x: f32[B | M], y: f32[B | N]) -> f32[B | M] where M == N = x + y
)"},
    {"E0217", "a `where` that is false",
     R"(
The condition does not hold for the sizes of this call.
)",
     R"(
dim B
fn half<N>(x: f32[| N]) -> f32[| N] where N % 2 == 0 = x * 0.5
pub fn f(x: f32[B | 5]) -> f32[B | 5] = half(x)
)",
     R"(
dim B
fn half<N>(x: f32[| N]) -> f32[| N] where N % 2 == 0 = x * 0.5
pub fn f(x: f32[B | 6]) -> f32[B | 6] = half(x)
)"},
    {"E0218", "a generic that cannot be inferred",
     R"(
Generics of a function come from the dims of its arguments, those of a model from the `<..>` where it is made a sub.
)",
     R"(
dim B
model Scale<N> { param w: f32[| N]   fn apply(x: f32[| N]) -> f32[| N] = w * x }
model Net { sub s: Scale   fn apply(x: f32[| 4]) -> f32[| 4] = s(x) }
pub fn f(x: f32[B | 4]) -> f32[B | 4] = Net(x)
)",
     R"(
dim B
model Scale<N> { param w: f32[| N]   fn apply(x: f32[| N]) -> f32[| N] = w * x }
model Net { sub s: Scale<4>   fn apply(x: f32[| 4]) -> f32[| 4] = s(x) }
pub fn f(x: f32[B | 4]) -> f32[B | 4] = Net(x)
)"},
    {"E0219", "a slice, index, split or option out of range",
     R"(
Bounds of slices lie in `0 .. size`, the lower not above the upper; indices below the size; `split` divides exactly. An unbounded
dim is no number, or the result would depend on the batch size unseen.

The windows of `conv2d` and of the pools (`stride`, `pad`, `dilation`, `groups`, `k`), the parts of `split` and the turns of `for`
are static: code is made for them. A dim that only a call knows (`dim S <= 4`) is fixed by `dim S = 2`, for one build by
`batten build --dim S=2`, or is a generic: `model Pool<S>` has code of its own in each `sub a: Pool<2>`, `sub b: Pool<4>`.
`#[specialize]` does not help, for the function must run at the other sizes too.
)",
     R"(
dim B
pub fn f(x: f32[B | 10]) -> f32[B | 5] = x[| 6:11]
)",
     R"(
dim B
pub fn f(x: f32[B | 10]) -> f32[B | 5] = x[| 5:10]
)"},
};

} // namespace batten::frontend
