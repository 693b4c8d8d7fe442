// ExplainNames.cpp - pages of `batten explain`: E01xx, names and calls.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Explain.h"

namespace batten::frontend {

const std::vector<Page> namePages = {
    {"E0101", "no such op or function",
     R"(
What is called must be a built-in op, a function of this file, a model (which calls its `apply`) or `M.name`. Ops have
lower-case names and are called as functions, `relu(x)`.
)",
     R"(
dim B
pub fn f(x: f32[B | 4], g: f32[| 4], b: f32[| 4]) -> f32[B | 4] = layernorm(x, g, b)
)",
     R"(
dim B
pub fn f(x: f32[B | 4], g: f32[| 4], b: f32[| 4]) -> f32[B | 4] = layer_norm(x, g, b)
)"},
    {"E0102", "wrong number of arguments",
     R"(
The note shows the signature; a `?` marks what may be left out. Dims to reduce are no argument: `mean(x over H)`.
)",
     R"(
dim B
pub fn f(x: f32[B | 4], w: f32[| 3, 4]) -> f32[B | 3] = linear(x)
)",
     R"(
dim B
pub fn f(x: f32[B | 4], w: f32[| 3, 4]) -> f32[B | 3] = linear(x, w)
)"},
    {"E0103", "defined twice",
     R"(
No name in sight is declared again inside a function, and each name stands once in a file. What changes on the way is a
`var`. Two names that would be one in the C header are refused as well; `#[name("other")]` on a function renames it there.
)",
     R"(
dim B
pub fn f(x: f32[B | 4]) -> f32[B | 4] {
  let h = relu(x)
  let h = h + 1.0
  return h
}
)",
     R"(
dim B
pub fn f(x: f32[B | 4]) -> f32[B | 4] {
  var h = relu(x)
  h = h + 1.0
  return h
}
)"},
    {"E0104", "recursive call",
     R"(
Every call is inlined, so no function may reach itself, nor a model hold itself. Repetition is `for`, or an array of subs.
)",
     R"(
fn f(x: f32[| 4]) -> f32[| 4] = g(x)
fn g(x: f32[| 4]) -> f32[| 4] = f(x)
)",
     R"(
fn f(x: f32[| 4]) -> f32[| 4] {
  var h = x
  for i in 0..3 { h = g(h) }
  return h
}
fn g(x: f32[| 4]) -> f32[| 4] = relu(x)
)"},
    {"E0105", "no such variable, constant, parameter or model",
     R"(
The name is not declared, or is not of that kind. A tensor has one member, `.T`; a tree of weights has its paths.
)",
     R"(
dim B
pub fn f(x: f32[B | 4]) -> f32[B | 4] = x.relu()
)",
     R"(
dim B
pub fn f(x: f32[B | 4]) -> f32[B | 4] = relu(x)
)"},
    {"E0106", "unknown option, attribute or lint",
     R"(
Named arguments are the options of an op, `eps: 1e-5`. The note lists those that exist.
)",
     R"(
dim B
pub fn f(x: f32[B | 4], g: f32[| 4]) -> f32[B | 4] = rms_norm(x, g, epsilon: 1e-5)
)",
     R"(
dim B
pub fn f(x: f32[B | 4], g: f32[| 4]) -> f32[B | 4] = rms_norm(x, g, eps: 1e-5)
)"},
    {"E0107", "import missing, unreadable or in a cycle",
     R"(
An import names a file, relative to the one where it stands. Ops are built in and need none. Two files that import each
other have no first one: move what both need to a third.
)",
     R"(
import "layers.btn"
dim B
pub fn f(x: f32[B | 4]) -> f32[B | 4] = relu(x)
)",
     R"(
dim B
pub fn f(x: f32[B | 4]) -> f32[B | 4] = relu(x)
)"},
    {"E0108", "not assignable",
     R"(
Only a `var` or an `inout` parameter takes a new value by `name = ..`; a `let` and a parameter keep theirs. An argument for an
`inout` parameter must be such a name, not an expression.
)",
     R"(
dim B
pub fn f(x: f32[B | 4]) -> f32[B | 4] {
  x = relu(x)
  return x
}
)",
     R"(
dim B
pub fn f(x: f32[B | 4]) -> f32[B | 4] {
  var h = x
  h = relu(h)
  return h
}
)"},
    {"E0109", "old value used after an update in place",
     R"(
An `inout` update overwrites the buffer, so that the value of before is gone, under whatever name: `let before = a` is another
name of it, no copy. What was computed from it earlier stays, and `1.0 * a` is so computed. An `inout` that was given the
value of another one has it in its own buffer, and keeps it.
)",
     R"(
pub fn swap(inout a: f32[| 4], inout b: f32[| 4]) -> f32 {
  let before = a
  a = b
  b = before
  return sum(a)
}
)",
     R"(
pub fn swap(inout a: f32[| 4], inout b: f32[| 4]) -> f32 {
  let before = 1.0 * a
  a = b
  b = before
  return sum(a)
}
)"},
};

} // namespace batten::frontend
