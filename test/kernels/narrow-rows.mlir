// Element-wise operations on narrow rows, of which an operand has the same elements in each: rows side by side.
// RUN: batten-opt --split-input-file --batten-build-kernels=cpu=x86-64-v3 --canonicalize --cse %s | FileCheck %s --check-prefixes=CHECK,V3
// RUN: batten-opt --split-input-file --batten-build-kernels=cpu=x86-64-v4 --canonicalize --cse %s | FileCheck %s --check-prefixes=CHECK,V4

// The elements stand in a table so often that each vector is one load; the vectors of a turn share a remainder. The
// one for the first columns is stored last.
// CHECK-LABEL: func.func @of_five(
// CHECK-SAME: %{{.*}}: memref<f32>{{.*}}, %[[M:.*]]: memref<f32> {llvm.noalias}, %{{.*}}: memref<f32>
// CHECK: %[[MEMORY:.*]] = memref.reinterpret_cast %[[M]]
// CHECK: %[[FIVE:.*]] = vector.maskedload %[[MEMORY]]
// V3: %[[ROWS:.*]] = vector.shuffle %[[FIVE]], %[[FIVE]] [8, 9, 10, 11, 12, 8, 9, 10]
// V4: %[[ROWS:.*]] = vector.shuffle %[[FIVE]], %[[FIVE]] [16, 17, 18, 19, 20, 16, 17, 18, 19, 20, 16, 17, 18, 19, 20, 16]
// CHECK: %[[TABLE:.*]] = memref.alloca()
// CHECK: vector.store %[[ROWS]], %[[TABLE]][%c15]
// V3: vector.store %[[ROWS]], %[[TABLE]][%c10]
// V3: vector.store %[[ROWS]], %[[TABLE]][%c5]
// CHECK: vector.store %[[ROWS]], %[[TABLE]][%c0]
// CHECK: scf.for
// CHECK: scf.for %[[AT:.*]] =
// CHECK: %[[PHASE:.*]] = arith.remui %[[AT]], %c5
// CHECK: vector.load %[[TABLE]][%[[PHASE]]]
// V3: %[[SECOND:.*]] = arith.addi %[[PHASE]], %c3
// V4: %[[SECOND:.*]] = arith.addi %[[PHASE]], %c1
// CHECK: vector.load %[[TABLE]][%[[SECOND]]]
// CHECK-NOT: arith.remui
// CHECK-COUNT-4: vector.store
#full = affine_map<(d0, d1) -> (d0, d1)>
#columns = affine_map<(d0, d1) -> (d1)>
func.func private @of_five(%B: index {batten.symbol = "B"}, %x: tensor<?x5xf32> {batten.dims = ["B", "5"]},
    %m: tensor<5xf32> {batten.dims = ["5"]})
    -> (tensor<?x5xf32> {batten.dims = ["B", "5"]}) attributes {batten.kind = "rows"} {
  %empty = tensor.empty(%B) : tensor<?x5xf32>
  %y = linalg.generic {indexing_maps = [#full, #columns, #full], iterator_types = ["parallel", "parallel"]}
      ins(%x, %m : tensor<?x5xf32>, tensor<5xf32>) outs(%empty : tensor<?x5xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %r = arith.subf %a, %b : f32
    linalg.yield %r : f32
  } -> tensor<?x5xf32>
  return %y : tensor<?x5xf32>
}

// -----

// Where each vector has the same elements there is no remainder.
// CHECK-LABEL: func.func @of_four(
// CHECK: %[[TABLE:.*]] = memref.alloca()
// CHECK: scf.for
// CHECK: scf.for
// CHECK-NOT: arith.remui
// CHECK: vector.load %[[TABLE]][%c0]
#full = affine_map<(d0, d1) -> (d0, d1)>
#columns = affine_map<(d0, d1) -> (d1)>
func.func private @of_four(%B: index {batten.symbol = "B"}, %x: tensor<?x4xf32> {batten.dims = ["B", "4"]},
    %m: tensor<4xf32> {batten.dims = ["4"]})
    -> (tensor<?x4xf32> {batten.dims = ["B", "4"]}) attributes {batten.kind = "rows"} {
  %empty = tensor.empty(%B) : tensor<?x4xf32>
  %y = linalg.generic {indexing_maps = [#full, #columns, #full], iterator_types = ["parallel", "parallel"]}
      ins(%x, %m : tensor<?x4xf32>, tensor<4xf32>) outs(%empty : tensor<?x4xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %r = arith.subf %a, %b : f32
    linalg.yield %r : f32
  } -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// Rows of less than two vectors: a period of the table is some vectors, the last of which ends with the first elements.
// CHECK-LABEL: func.func @of_thirteen(
// V3: %[[FIRST:.*]] = vector.load
// V3: %[[REST:.*]] = vector.maskedload
// V3: %[[LAST:.*]] = vector.shuffle %[[FIRST]], %[[REST]] [8, 9, 10, 11, 12, 0, 1, 2]
// V3: %[[TABLE:.*]] = memref.alloca()
// V3: vector.store %[[FIRST]], %[[TABLE]][%c26]
// V3: vector.store %[[FIRST]], %[[TABLE]][%c13]
// V3: vector.store %[[LAST]], %[[TABLE]][%c21]
// V3: vector.store %[[FIRST]], %[[TABLE]][%c0]
// V3: vector.store %[[LAST]], %[[TABLE]][%c8]
// V4: memref.alloca()
#full = affine_map<(d0, d1) -> (d0, d1)>
#columns = affine_map<(d0, d1) -> (d1)>
func.func private @of_thirteen(%B: index {batten.symbol = "B"}, %x: tensor<?x13xf32> {batten.dims = ["B", "13"]},
    %m: tensor<13xf32> {batten.dims = ["13"]})
    -> (tensor<?x13xf32> {batten.dims = ["B", "13"]}) attributes {batten.kind = "rows"} {
  %empty = tensor.empty(%B) : tensor<?x13xf32>
  %y = linalg.generic {indexing_maps = [#full, #columns, #full], iterator_types = ["parallel", "parallel"]}
      ins(%x, %m : tensor<?x13xf32>, tensor<13xf32>) outs(%empty : tensor<?x13xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %r = arith.subf %a, %b : f32
    linalg.yield %r : f32
  } -> tensor<?x13xf32>
  return %y : tensor<?x13xf32>
}

// -----

// Longer ones are walked one by one, and their operand is read where it is; two whole vectors are as quick, too.
// CHECK-LABEL: func.func @of_sixteen(
// V3-NOT: {{memref.alloca|arith.remui|vector.masked}}
// V4: memref.alloca()
#full = affine_map<(d0, d1) -> (d0, d1)>
#columns = affine_map<(d0, d1) -> (d1)>
func.func private @of_sixteen(%B: index {batten.symbol = "B"}, %x: tensor<?x16xf32> {batten.dims = ["B", "16"]},
    %m: tensor<16xf32> {batten.dims = ["16"]})
    -> (tensor<?x16xf32> {batten.dims = ["B", "16"]}) attributes {batten.kind = "rows"} {
  %empty = tensor.empty(%B) : tensor<?x16xf32>
  %y = linalg.generic {indexing_maps = [#full, #columns, #full], iterator_types = ["parallel", "parallel"]}
      ins(%x, %m : tensor<?x16xf32>, tensor<16xf32>) outs(%empty : tensor<?x16xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %r = arith.subf %a, %b : f32
    linalg.yield %r : f32
  } -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}

// -----

// CHECK-LABEL: func.func @of_seventeen(
// CHECK-NOT: {{memref.alloca|arith.remui}}
// CHECK: vector.maskedstore
#full = affine_map<(d0, d1) -> (d0, d1)>
#columns = affine_map<(d0, d1) -> (d1)>
func.func private @of_seventeen(%B: index {batten.symbol = "B"}, %x: tensor<?x17xf32> {batten.dims = ["B", "17"]},
    %m: tensor<17xf32> {batten.dims = ["17"]})
    -> (tensor<?x17xf32> {batten.dims = ["B", "17"]}) attributes {batten.kind = "rows"} {
  %empty = tensor.empty(%B) : tensor<?x17xf32>
  %y = linalg.generic {indexing_maps = [#full, #columns, #full], iterator_types = ["parallel", "parallel"]}
      ins(%x, %m : tensor<?x17xf32>, tensor<17xf32>) outs(%empty : tensor<?x17xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %r = arith.subf %a, %b : f32
    linalg.yield %r : f32
  } -> tensor<?x17xf32>
  return %y : tensor<?x17xf32>
}
