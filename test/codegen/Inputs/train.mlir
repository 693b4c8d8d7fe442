// A parameter tree as an argument, twice: updated in place, and read only; scalars by value; awkward names.
module attributes {batten.program = "train", batten.program_bytes = 64 : i64, batten.level = "x86-64-v3",
                   batten.source_hash = "1f0c9a77", batten.source = "train.btn"} {
  batten.plan @sgd_step[B] kind "entry" attributes {
      c_name = "sgd_step", signature = "pub fn sgd_step(inout p: Mlp.params, x: f32[B | 784], y: i32[B |], lr: f32) -> f32",
      mixes = ["B: mean over batch"], nonempty = ["B"],
      arguments = [#batten.argument<name = "p", type = !batten.tensor<f32[| 784, 128]>, kind = inout, path = "w1", tree = "Mlp">,
                   #batten.argument<name = "p", type = !batten.tensor<f32[| 128]>, kind = inout, path = "inner.class", tree = "Mlp">,
                   #batten.argument<name = "x", type = !batten.tensor<f32[B | 784]>, kind = input>,
                   #batten.argument<name = "y", type = !batten.tensor<i32[B |]>, kind = input>,
                   #batten.argument<name = "lr", type = !batten.tensor<f32[|]>, kind = input, scalar>,
                   #batten.argument<name = "out", type = !batten.tensor<f32[|]>, kind = result, scalar>]} {
  ^bb0(%w1: !batten.pointer, %b1: !batten.pointer, %x: !batten.pointer, %y: !batten.pointer, %lr: !batten.pointer,
       %out: !batten.pointer):
  }
  batten.plan @norm[] kind "entry" attributes {
      c_name = "norm", signature = "pub fn norm(p: Mlp.params, class: f32, call: bool) -> f32 /* odd */",
      arguments = [#batten.argument<name = "p", type = !batten.tensor<f32[| 784, 128]>, kind = input, path = "w1", tree = "Mlp">,
                   #batten.argument<name = "p", type = !batten.tensor<f32[| 128]>, kind = input, path = "inner.class", tree = "Mlp">,
                   #batten.argument<name = "class", type = !batten.tensor<f32[|]>, kind = input, scalar>,
                   #batten.argument<name = "call", type = !batten.tensor<i1[|]>, kind = input, scalar>,
                   #batten.argument<name = "out", type = !batten.tensor<bf16[|]>, kind = result, scalar>]} {
  ^bb0(%w1: !batten.pointer, %b1: !batten.pointer, %class: !batten.pointer, %call: !batten.pointer, %out: !batten.pointer):
  }
}
