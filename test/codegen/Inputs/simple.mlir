// The plans of examples/simple.btn without their launches: all that a header needs.
#weight = #batten.argument<name = "weight", type = !batten.tensor<f32[| 5, 10]>, kind = weight, path = "weight", from = "fc.weight">
#bias = #batten.argument<name = "bias", type = !batten.tensor<f32[| 5]>, kind = weight, path = "bias", from = "fc.bias">
#x = #batten.argument<name = "x", type = !batten.tensor<f32[B | 10]>, kind = input>
module attributes {batten.program = "simple", batten.program_bytes = 1024 : i64, batten.weights = [#weight, #bias],
                   batten.level = "x86-64-v3", batten.source_hash = "1f0c9a77", batten.source = "examples/simple.btn"} {
  batten.plan @forward[B] kind "entry" attributes {
      c_name = "forward", signature = "pub fn forward(x: f32[B | 10]) -> f32[B | 5]", independent = ["B"],
      arguments = [#x, #weight, #bias, #batten.argument<name = "out", type = !batten.tensor<f32[B | 5]>, kind = result>]} {
  ^bb0(%x: !batten.pointer, %out: !batten.pointer):
  }
  batten.plan @batch_mean[B] kind "entry" attributes {
      c_name = "batch_mean", signature = "pub fn batch_mean(x: f32[B | 10]) -> f32[| 5]", mixes = ["B: mean over batch"],
      nonempty = ["B"],
      arguments = [#x, #weight, #bias, #batten.argument<name = "out", type = !batten.tensor<f32[| 5]>, kind = result>]} {
  ^bb0(%x: !batten.pointer, %out: !batten.pointer):
  }
  batten.plan @batch_sum[B] kind "entry" attributes {
      c_name = "batch_sum", signature = "pub fn batch_sum(x: f32[B | 10]) -> f32", mixes = ["B: sum over batch"],
      arguments = [#x, #weight, #bias,
                   #batten.argument<name = "out", type = !batten.tensor<f32[|]>, kind = result, scalar>]} {
  ^bb0(%x: !batten.pointer, %out: !batten.pointer):
  }
}
