// What no builder takes is an error at the operation, never a slow loop.
// RUN: batten-opt --split-input-file --verify-diagnostics --batten-build-kernels %s

func.func private @reads_at_other_loops(%x: tensor<4x4xf32> {batten.dims = ["4", "4"]})
    -> (tensor<4x4xf32> {batten.dims = ["4", "4"]}) attributes {batten.kind = "rows"} {
  %empty = tensor.empty() : tensor<4x4xf32>
  %a = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>],
                       iterator_types = ["parallel", "parallel"]} ins(%x : tensor<4x4xf32>) outs(%empty : tensor<4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %n = arith.negf %in : f32
    linalg.yield %n : f32
  } -> tensor<4x4xf32>
  // expected-error @+1 {{reads a value of its rows group at other loops}}
  %b = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d1, d0)>, affine_map<(d0, d1) -> (d0, d1)>],
                       iterator_types = ["parallel", "parallel"]} ins(%a : tensor<4x4xf32>) outs(%empty : tensor<4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %n = arith.negf %in : f32
    linalg.yield %n : f32
  } -> tensor<4x4xf32>
  return %b : tensor<4x4xf32>
}

// -----

// expected-error @+1 {{result 0 of this rows group is not computed by it}}
func.func private @returns_an_argument(%x: tensor<4xf32> {batten.dims = ["4"]}) -> (tensor<4xf32> {batten.dims = ["4"]})
    attributes {batten.kind = "rows"} {
  return %x : tensor<4xf32>
}
