// A group that no builder takes is an internal error, never a slow loop.
// RUN: batten-opt --split-input-file --verify-diagnostics --batten-build-kernels -o /dev/null %s
// RUN: not batten-opt --batten-build-kernels=cpu=x86-64-v2 /dev/null 2>&1 | FileCheck %s
// CHECK: unknown CPU 'x86-64-v2'

// expected-error @+1 {{internal: no kernel builder takes this group}}
func.func private @of_an_unknown_kind(%x: tensor<4xf32> {batten.dims = ["4"]}) -> (tensor<4xf32> {batten.dims = ["4"]})
    attributes {batten.kind = "unheard_of"} {
  %empty = tensor.empty() : tensor<4xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%empty : tensor<4xf32>) {
  ^bb0(%a: f32, %out: f32):
    linalg.yield %a : f32
  } -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// expected-error @+1 {{a contraction group needs one product of two operands}}
func.func private @a_contraction_without_a_product(%x: tensor<4x8xf32> {batten.dims = ["4", "8"]})
    -> (tensor<4x8xf32> {batten.dims = ["4", "8"]}) attributes {batten.kind = "contraction"} {
  %empty = tensor.empty() : tensor<4x8xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>],
                       iterator_types = ["parallel", "parallel"]} ins(%x : tensor<4x8xf32>) outs(%empty : tensor<4x8xf32>) {
  ^bb0(%a: f32, %out: f32):
    %n = arith.negf %a : f32
    linalg.yield %n : f32
  } -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

// One position's sum over k of x[k] * y[k] has no columns that a tile could have.
func.func private @a_dot_product_as_a_contraction(%x: tensor<4x8xf32> {batten.dims = ["4", "8"]},
    %y: tensor<4x8xf32> {batten.dims = ["4", "8"]}) -> (tensor<4xf32> {batten.dims = ["4"]})
    attributes {batten.kind = "contraction"} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
  // expected-error @+1 {{the loops of this product are not those of a contraction}}
  %sum = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>,
                                          affine_map<(d0, d1) -> (d0)>], iterator_types = ["parallel", "reduction"]}
      ins(%x, %y : tensor<4x8xf32>, tensor<4x8xf32>) outs(%init : tensor<4xf32>) attrs = {batten.order = "chain"} {
  ^bb0(%a: f32, %b: f32, %acc: f32):
    %next = math.fma %a, %b, %acc : f32
    linalg.yield %next : f32
  } -> tensor<4xf32>
  return %sum : tensor<4xf32>
}
