// Element-wise groups: as many dims as possible are one index, the rest number the rows.
// RUN: batten-opt --split-input-file --batten-build-kernels=cpu=x86-64-v3 --canonicalize --cse %s | FileCheck %s

// Everything is one dim: units are blocks of 4096 columns, the batch is nothing but columns.
// CHECK-LABEL: func.func @relu(
// CHECK: scf.for
// CHECK: %[[FIRST:.*]] = arith.muli
// CHECK: arith.minui
// CHECK-NOT: arith.div
// CHECK: scf.for
// CHECK-COUNT-4: vector.load {{.*}} vector<8xf32>
// CHECK: vector.maskedload
// CHECK: vector.maskedstore
func.func private @relu(%B: index {batten.symbol = "B"}, %x: tensor<?x3x5xf32> {batten.dims = ["B", "3", "5"]})
    -> (tensor<?x3x5xf32> {batten.dims = ["B", "3", "5"]}) attributes {batten.kind = "rows"} {
  %empty = tensor.empty(%B) : tensor<?x3x5xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
                       iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x : tensor<?x3x5xf32>) outs(%empty : tensor<?x3x5xf32>) {
  ^bb0(%a: f32, %out: f32):
    %zero = arith.constant 0.0 : f32
    %below = arith.cmpf olt, %a, %zero : f32
    %r = arith.select %below, %zero, %a : f32
    linalg.yield %r : f32
  } -> tensor<?x3x5xf32>
  return %y : tensor<?x3x5xf32>
}

// -----

// A bias cuts rows that are some whole vectors; bool is a byte in memory; the scalar that the region takes from outside is the kernel's own.
// CHECK-LABEL: func.func @bias_is_exceeded(
// CHECK-SAME: %{{[a-z0-9]*}}: index, %{{[a-z0-9]*}}: index, %{{[a-z0-9]*}}: index, %{{.*}}: memref<f32> {llvm.noalias}, %{{.*}}: memref<f32> {llvm.noalias}, %{{.*}}: memref<i8> {llvm.noalias}, %{{.*}}: memref<i8>
// CHECK: %[[LIMIT:.*]] = arith.sitofp
// CHECK: scf.for
// CHECK-NOT: scf.for
// CHECK: vector.load {{.*}} vector<8xf32>
// CHECK: vector.broadcast %[[LIMIT]]
// CHECK: arith.addf {{.*}} : vector<8xf32>
// CHECK: arith.cmpf ogt
// CHECK: %[[BYTE:.*]] = arith.extui {{.*}} : vector<8xi1> to vector<8xi8>
// CHECK: vector.store %[[BYTE]]
func.func private @bias_is_exceeded(%B: index {batten.symbol = "B"}, %x: tensor<?x24xf32> {batten.dims = ["B", "24"]},
    %bias: tensor<24xf32> {batten.dims = ["24"]})
    -> (tensor<?x24xi1> {batten.dims = ["B", "24"]}) attributes {batten.kind = "rows"} {
  %size = arith.index_cast %B : index to i64
  %limit = arith.sitofp %size : i64 to f32
  %empty = tensor.empty(%B) : tensor<?x24xi1>
  %y = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>,
                                        affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%x, %bias : tensor<?x24xf32>, tensor<24xf32>) outs(%empty : tensor<?x24xi1>) {
  ^bb0(%a: f32, %b: f32, %out: i1):
    %sum = arith.addf %b, %limit : f32
    %r = arith.cmpf ogt, %a, %sum : f32
    linalg.yield %r : i1
  } -> tensor<?x24xi1>
  return %y : tensor<?x24xi1>
}

// -----

// linalg.index counts along the lanes.
// CHECK-LABEL: func.func @iota(
// CHECK: %[[LANES:.*]] = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7]>
// CHECK: vector.store %[[LANES]]
func.func private @iota() -> (tensor<8xi32> {batten.dims = ["8"]}) attributes {batten.kind = "rows"} {
  %empty = tensor.empty() : tensor<8xi32>
  %y = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} outs(%empty : tensor<8xi32>) {
  ^bb0(%out: i32):
    %i = linalg.index 0 : index
    %r = arith.index_cast %i : index to i32
    linalg.yield %r : i32
  } -> tensor<8xi32>
  return %y : tensor<8xi32>
}

// -----

// Rows are copied beside each other; a fill is stored without being read.
// CHECK-LABEL: func.func @concat(
// CHECK: scf.for
// CHECK: vector.load {{.*}} vector<8xf32>
// CHECK: vector.store
// CHECK-NOT: vector.load
// CHECK: vector.maskedstore
func.func private @concat(%B: index {batten.symbol = "B"}, %x: tensor<?x8xf32> {batten.dims = ["B", "8"]})
    -> (tensor<?x11xf32> {batten.dims = ["B", "11"]}) attributes {batten.kind = "concat"} {
  %half = arith.constant 0.5 : f32
  %empty = tensor.empty(%B) : tensor<?x3xf32>
  %fill = linalg.fill ins(%half : f32) outs(%empty : tensor<?x3xf32>) -> tensor<?x3xf32>
  %y = tensor.concat dim(1) %x, %fill : (tensor<?x8xf32>, tensor<?x3xf32>) -> tensor<?x11xf32>
  return %y : tensor<?x11xf32>
}

// -----

// Across the rows of an operand: squares of 8 x 8 are transposed in registers, what fills none is gathered.
// CHECK-LABEL: func.func @transpose(
// CHECK: scf.for
// CHECK: scf.if
// CHECK: scf.for
// CHECK-COUNT-8: vector.load {{.*}} vector<8xf32>
// CHECK: vector.shuffle {{.*}} [0, 8, 1, 9, 4, 12, 5, 13] : vector<8xf32>
// CHECK: vector.shuffle {{.*}} [2, 10, 3, 11, 6, 14, 7, 15] : vector<8xf32>
// CHECK: vector.shuffle {{.*}} [0, 1, 2, 3, 8, 9, 10, 11] : vector<8xf32>
// CHECK: vector.shuffle {{.*}} [4, 5, 6, 7, 12, 13, 14, 15] : vector<8xf32>
// CHECK-COUNT-8: vector.store {{.*}} vector<8xf32>
// CHECK: vector.gather
func.func private @transpose(%S: index {batten.symbol = "S"}, %T: index {batten.symbol = "T"}, %x: tensor<?x?xf32> {batten.dims = ["S", "T"]})
    -> (tensor<?x?xf32> {batten.dims = ["T", "S"]}) attributes {batten.kind = "rows"} {
  %empty = tensor.empty(%T, %S) : tensor<?x?xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d1, d0)>, affine_map<(d0, d1) -> (d0, d1)>],
                       iterator_types = ["parallel", "parallel"]} ins(%x : tensor<?x?xf32>) outs(%empty : tensor<?x?xf32>) {
  ^bb0(%a: f32, %out: f32):
    linalg.yield %a : f32
  } -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// -----

// 16 rows are enough for squares of bytes although a vector has 32 lanes.
// CHECK-LABEL: func.func @transpose_of_bytes(
// CHECK-NOT: vector.gather
// CHECK-COUNT-16: vector.load {{.*}} vector<16xi8>
// CHECK: vector.shuffle {{.*}} : vector<16xi8>, vector<16xi8>
// CHECK-COUNT-16: vector.store {{.*}} vector<16xi8>
// CHECK-NOT: vector.gather
func.func private @transpose_of_bytes(%B: index {batten.symbol = "B"}, %x: tensor<?x64x16xi8> {batten.dims = ["B", "64", "16"]})
    -> (tensor<?x16x64xi8> {batten.dims = ["B", "16", "64"]}) attributes {batten.kind = "rows"} {
  %empty = tensor.empty(%B) : tensor<?x16x64xi8>
  %y = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
                       iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x : tensor<?x64x16xi8>) outs(%empty : tensor<?x16x64xi8>) {
  ^bb0(%a: i8, %out: i8):
    linalg.yield %a : i8
  } -> tensor<?x16x64xi8>
  return %y : tensor<?x16x64xi8>
}

// -----

// Rows and columns that fill them, or more, are squares of whole vectors; the last ones begin where they end with the
// rows and the columns.
// CHECK-LABEL: func.func @transpose_of_many_bytes(
// CHECK-NOT: vector.gather
// CHECK: arith.minui %{{.*}}, %c68
// CHECK-COUNT-32: vector.load {{.*}} vector<32xi8>
// CHECK-COUNT-160: vector.shuffle {{.*}} : vector<32xi8>, vector<32xi8>
// CHECK-COUNT-32: vector.store {{.*}} vector<32xi8>
// CHECK-NOT: vector.{{gather|maskedload|maskedstore}}
func.func private @transpose_of_many_bytes(%B: index {batten.symbol = "B"}, %x: tensor<?x50x100xi8> {batten.dims = ["B", "50", "100"]})
    -> (tensor<?x100x50xi8> {batten.dims = ["B", "100", "50"]}) attributes {batten.kind = "rows"} {
  %empty = tensor.empty(%B) : tensor<?x100x50xi8>
  %y = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
                       iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x : tensor<?x50x100xi8>) outs(%empty : tensor<?x100x50xi8>) {
  ^bb0(%a: i8, %out: i8):
    linalg.yield %a : i8
  } -> tensor<?x100x50xi8>
  return %y : tensor<?x100x50xi8>
}
