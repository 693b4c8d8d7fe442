// ExplainWeights.cpp - pages of `batten explain`: E05xx, weights files.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Explain.h"

namespace batten::frontend {

const std::vector<Page> weightPages = {
    {"E0501", "a tensor that is not in the file",
     R"(
Each `param` is looked for by its path, or by what `from` says. The notes give the nearest names; `from` at a `sub` renames a part
of the path for all below it.
)",
     R"(
dim B
model M {
  param w: f32[| 5, 10]   fn apply(x: f32[| 10]) -> f32[| 5] = linear(x, w)
}
pub fn f(x: f32[B | 10]) -> f32[B | 5] = M(x)
# w.safetensors holds fc.weight F32 5,10
$ batten check --weights=w.safetensors ex.btn
)",
     R"(
dim B
model M {
  param w: f32[| 5, 10] from "fc.weight"   fn apply(x: f32[| 10]) -> f32[| 5] = linear(x, w)
}
pub fn f(x: f32[B | 10]) -> f32[B | 5] = M(x)
# w.safetensors holds fc.weight F32 5,10
$ batten check --weights=w.safetensors ex.btn
)"},
    {"E0502", "a tensor of another shape",
     R"(
Shapes must agree exactly. PyTorch stores the weight of a Linear layer as (out, in), as `linear` takes it.
)",
     R"(
dim B
model M {
  param w: f32[| 10, 5]   fn apply(x: f32[| 10]) -> f32[| 5] = x @ w
}
pub fn f(x: f32[B | 10]) -> f32[B | 5] = M(x)
# w.safetensors holds w F32 5,10
$ batten check --weights=w.safetensors ex.btn
)",
     R"(
dim B
model M {
  param w: f32[| 5, 10]   fn apply(x: f32[| 10]) -> f32[| 5] = linear(x, w)
}
pub fn f(x: f32[B | 10]) -> f32[B | 5] = M(x)
# w.safetensors holds w F32 5,10
$ batten check --weights=w.safetensors ex.btn
)"},
    {"E0503", "one tensor with two types",
     R"(
Two params may name one tensor, and then share it; their types must be equal.
)",
     R"(
dim B
model M {
  param a: f32[| 4] from "t"   param b: f32[| 2, 2] from "t"
  fn apply(x: f32[| 4]) -> f32[| 4] = x * a * sum(b over core)
}
pub fn f(x: f32[B | 4]) -> f32[B | 4] = M(x)
)",
     R"(
dim B
model M {
  param a: f32[| 4] from "t"   param b: f32[| 4] from "t"
  fn apply(x: f32[| 4]) -> f32[| 4] = x * a * sum(b)
}
pub fn f(x: f32[B | 4]) -> f32[B | 4] = M(x)
)"},
    {"E0504", "a tensor of another dtype",
     R"(
Declare the param as the file has it and cast where it is used, or convert the file.
)",
     R"(
dim B
model M {
  param w: f32[| 5, 10]   fn apply(x: f32[| 10]) -> f32[| 5] = linear(x, w)
}
pub fn f(x: f32[B | 10]) -> f32[B | 5] = M(x)
# w.safetensors holds w F16 5,10
$ batten check --weights=w.safetensors ex.btn
)",
     R"(
dim B
model M {
  param w: f16[| 5, 10]   fn apply(x: f32[| 10]) -> f32[| 5] = linear(x, w as f32)
}
pub fn f(x: f32[B | 10]) -> f32[B | 5] = M(x)
# w.safetensors holds w F16 5,10
$ batten check --weights=w.safetensors ex.btn
)"},
    {"E0505", "a malformed weights file",
     R"(
The file is no safetensors file, or is cut off. A `.bin` or `.pt` of PyTorch is saved anew with `safetensors.torch.save_file`.
)",
     R"(
dim B
model M {
  param w: f32[| 5, 10]   fn apply(x: f32[| 10]) -> f32[| 5] = linear(x, w)
}
pub fn f(x: f32[B | 10]) -> f32[B | 5] = M(x)
$ echo weights > w.safetensors; batten check --weights=w.safetensors ex.btn
)",
     R"(
dim B
model M {
  param w: f32[| 5, 10]   fn apply(x: f32[| 10]) -> f32[| 5] = linear(x, w)
}
pub fn f(x: f32[B | 10]) -> f32[B | 5] = M(x)
# w.safetensors holds w F32 5,10
$ batten check --weights=w.safetensors ex.btn
)"},
};

} // namespace batten::frontend
