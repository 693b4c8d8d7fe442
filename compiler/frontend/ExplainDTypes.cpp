// ExplainDTypes.cpp - pages of `batten explain`: E03xx and E04xx, dtypes and gradients.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Explain.h"

namespace batten::frontend {

const std::vector<Page> dtypePages = {
    {"E0301", "two dtypes",
     R"(
No operand is converted silently; `x as f32` casts. A literal takes the dtype of what it meets.
)",
     R"(
dim B
pub fn f(x: f32[B | 4], n: i32[B |]) -> f32[B | 4] = x * n
)",
     R"(
dim B
pub fn f(x: f32[B | 4], n: i32[B |]) -> f32[B | 4] = x * n as f32
)"},
    {"E0302", "a literal that does not fit",
     R"(
A number must be in the range of the dtype that it takes; a whole number must be exact.
)",
     R"(
dim B
pub fn f(x: u8[B | 4]) -> u8[B | 4] = x + 300
)",
     R"(
dim B
pub fn f(x: u8[B | 4]) -> i32[B | 4] = x as i32 + 300
)"},
    {"E0303", "an op that is not defined for this dtype",
     R"(
Means, norms, softmax and activations are for floats; `&&` and `!` are for bool. Cast first.
)",
     R"(
dim B
pub fn f(x: i32[B | 4]) -> i32[B |] = mean(x)
)",
     R"(
dim B
pub fn f(x: i32[B | 4]) -> f32[B |] = mean(x as f32)
)"},
    {"E0401", "a gradient for each sample where samples mix",
     R"(
`grad` of a value with batch dims asks for one gradient for each position; where positions have met inside, there is none.
Take the mean over the batch first for the ordinary gradient.
)",
     R"(
dim B, D = 4
fn f(x: f32[B | D], w: f32[| D, D]) -> f32[B | D, D] {
  let h = x @ w
  let loss = sum(h - mean(h over batch B))
  return grad loss wrt w
}
)",
     R"(
dim B, D = 4
fn f(x: f32[B | D], w: f32[| D, D]) -> f32[| D, D] {
  let h = x @ w
  let loss = mean(sum(h - mean(h over batch B)) over batch B)
  return grad loss wrt w
}
)"},
    {"E0402", "the gradient of an integer",
     R"(
Only floats have gradients.
)",
     R"(
dim B
fn f(x: i32[B | 8]) -> i32[B | 8] = grad sum(x) wrt x
)",
     R"(
dim B
fn f(x: f32[B | 8]) -> f32[B | 8] = grad sum(x) wrt x
)"},
    {"E0403", "a seed that is missing or of another type",
     R"(
The gradient of a value with core dims needs to know how its elements are weighed: `with seed`, of the value's own type. A sum
has no core and needs none.
)",
     R"(
dim B
fn f(x: f32[B | 8]) -> f32[B | 8] = grad relu(x) wrt x
)",
     R"(
dim B
fn f(x: f32[B | 8], seed: f32[B | 8]) -> f32[B | 8] = grad relu(x) wrt x with seed
)"},
};

} // namespace batten::frontend
