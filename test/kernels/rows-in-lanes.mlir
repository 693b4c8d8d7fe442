// Reductions whose results lie side by side: the kept dims run along the lanes, positions are a loop.
// RUN: batten-opt --split-input-file --batten-build-kernels=cpu=x86-64-v4 --canonicalize --cse %s | FileCheck %s

// 64 accumulators a result: four vectors each on the stack, 16 KiB; position k meets accumulator k mod 64.
// CHECK-LABEL: func.func @mean_of_pixels(
// CHECK: %[[STACK:.*]] = memref.alloca() {alignment = 64 : i64} : memref<16384xi8>
// CHECK: scf.for
// CHECK: scf.for
// CHECK-COUNT-4: arith.addf
// CHECK-COUNT-4: vector.store
// CHECK: scf.for %[[K:.*]] =
// CHECK: arith.andi %[[K]],
// CHECK: %[[ACC:.*]] = vector.load {{.*}} : memref<4096xf32>
// CHECK-COUNT-3: vector.load {{.*}} : memref<4096xf32>
// CHECK: %[[X:.*]] = vector.load
// CHECK: arith.addf %[[ACC]], %[[X]] : vector<16xf32>
// The six halves.
// CHECK-COUNT-5: scf.for
// CHECK-NOT: arith.addf {{.*}} : f32
func.func private @mean_of_pixels(%B: index {batten.symbol = "B"}, %x: tensor<?x7x11x64xf32> {batten.dims = ["B", "7", "11", "64"]})
    -> (tensor<?x64xf32> {batten.dims = ["B", "64"]}) attributes {batten.kind = "rows", batten.split = 2 : i64} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty(%B) : tensor<?x64xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x64xf32>) -> tensor<?x64xf32>
  %sum = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d2, d3, d1)>,
                                          affine_map<(d0, d1, d2, d3) -> (d0, d1)>],
                         iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%x : tensor<?x7x11x64xf32>) outs(%init : tensor<?x64xf32>) attrs = {batten.order = "lanes"} {
  ^bb0(%a: f32, %acc: f32):
    %next = arith.addf %acc, %a : f32
    linalg.yield %next : f32
  } -> tensor<?x64xf32>
  return %sum : tensor<?x64xf32>
}

// -----

// At most 64 positions: each has a lane of its own, and those that are equal modulo 8 meet in one turn. Of 20 positions
// four turns have three, four have two; halves without a position are left out. A row ahead is prefetched into L2.
// CHECK-LABEL: func.func @sum_of_twenty(
// CHECK: memref.alloca() {alignment = 64 : i64} : memref<1024xi8>
// CHECK: scf.for
// CHECK: scf.for %[[R:.*]] = %c0 to %c4 step %c1
// CHECK: memref.prefetch {{.*}}, read, locality<2>, data
// CHECK: %[[X0:.*]] = vector.load
// CHECK: %[[L0:.*]] = arith.addf %[[X0]], %
// CHECK: arith.addi %[[R]], %c16
// CHECK: %[[X2:.*]] = vector.load
// CHECK: %[[L2:.*]] = arith.addf %[[X2]], %
// CHECK: %[[LOW:.*]] = arith.addf %[[L0]], %[[L2]]
// CHECK: arith.addi %[[R]], %c8
// CHECK: %[[X1:.*]] = vector.load
// CHECK: %[[L1:.*]] = arith.addf %[[X1]], %
// CHECK: arith.addf %[[LOW]], %[[L1]]
// CHECK: vector.store
// CHECK: scf.for {{.*}} = %c4 to %c8 step %c1
// CHECK-COUNT-3: arith.addf
// CHECK: vector.store
// CHECK-COUNT-8: vector.load {{.*}} : memref<256xf32>
func.func private @sum_of_twenty(%B: index {batten.symbol = "B"}, %x: tensor<?x20x24xf32> {batten.dims = ["B", "20", "24"]})
    -> (tensor<?x24xf32> {batten.dims = ["B", "24"]}) attributes {batten.kind = "rows", batten.split = 2 : i64} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty(%B) : tensor<?x24xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x24xf32>) -> tensor<?x24xf32>
  %sum = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>],
                         iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x : tensor<?x20x24xf32>) outs(%init : tensor<?x24xf32>) attrs = {batten.order = "lanes"} {
  ^bb0(%a: f32, %acc: f32):
    %next = arith.addf %acc, %a : f32
    linalg.yield %next : f32
  } -> tensor<?x24xf32>
  return %sum : tensor<?x24xf32>
}

// -----

// Where the unit stays in L2 its second walk prefetches the next one: 64 results later at the same position.
// CHECK-LABEL: func.func @sum_of_distances_from_the_maximum(
// CHECK-DAG: %[[NEXT:.*]] = arith.constant 64 : index
// CHECK: memref.prefetch
// CHECK: arith.maxsi
// CHECK: %[[AT:.*]] = arith.addi %{{.*}}, %[[NEXT]]
// CHECK: memref.prefetch %{{.*}}[%[[AT]]], read, locality<2>, data
// CHECK: arith.subf
func.func private @sum_of_distances_from_the_maximum(%B: index {batten.symbol = "B"},
                                                     %x: tensor<?x1024x512xf32> {batten.dims = ["B", "1024", "512"]})
    -> (tensor<?x512xf32> {batten.dims = ["B", "512"]}) attributes {batten.kind = "rows", batten.split = 2 : i64} {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %empty = tensor.empty(%B) : tensor<?x512xf32>
  %first = linalg.fill ins(%least : f32) outs(%empty : tensor<?x512xf32>) -> tensor<?x512xf32>
  %max = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>],
                         iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x : tensor<?x1024x512xf32>) outs(%first : tensor<?x512xf32>) attrs = {batten.order = "lanes"} {
  ^bb0(%a: f32, %acc: f32):
    %next = arith.maximumf %acc, %a : f32
    linalg.yield %next : f32
  } -> tensor<?x512xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x512xf32>) -> tensor<?x512xf32>
  %sum = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>,
                                          affine_map<(d0, d1, d2) -> (d0, d1)>],
                         iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %max : tensor<?x1024x512xf32>, tensor<?x512xf32>) outs(%init : tensor<?x512xf32>) attrs = {batten.order = "lanes"} {
  ^bb0(%a: f32, %m: f32, %acc: f32):
    %distance = arith.subf %m, %a : f32
    %next = arith.addf %acc, %distance : f32
    linalg.yield %next : f32
  } -> tensor<?x512xf32>
  return %sum : tensor<?x512xf32>
}

// -----

// Over the batch: one chain a block of 256 positions, block sums added in order.
// CHECK-LABEL: func.func @batch_sum(
// CHECK-DAG: %[[BLOCK:.*]] = arith.constant 256 : index
// CHECK: scf.for
// CHECK: %[[TOTAL:.*]]:4 = scf.for %[[FIRST:.*]] = {{.*}} step %[[BLOCK]] iter_args(%[[T0:[a-z0-9]*]] = %{{[a-z0-9_]*}},
// CHECK: %[[SUMS:.*]]:4 = scf.for
// CHECK-COUNT-4: arith.addf {{.*}} : vector<16xf32>
// CHECK: scf.yield
// CHECK: arith.addf %[[T0]], %[[SUMS]]#0 : vector<16xf32>
// CHECK: vector.store %[[TOTAL]]#0
func.func private @batch_sum(%B: index {batten.symbol = "B"}, %x: tensor<?x64xf32> {batten.dims = ["B", "64"]})
    -> (tensor<64xf32> {batten.dims = ["64"]}) attributes {batten.kind = "batch_reduction", batten.split = 1 : i64} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<64xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<64xf32>) -> tensor<64xf32>
  %sum = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d1, d0)>, affine_map<(d0, d1) -> (d0)>],
                         iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x64xf32>) outs(%init : tensor<64xf32>) attrs = {batten.order = "blocks"} {
  ^bb0(%a: f32, %acc: f32):
    %next = arith.addf %acc, %a : f32
    linalg.yield %next : f32
  } -> tensor<64xf32>
  return %sum : tensor<64xf32>
}

// -----

// An empty core: each block is a lane tree along the positions.
// CHECK-LABEL: func.func @batch_sum_of_scalars(
// CHECK-DAG: %[[BLOCK:.*]] = arith.constant 256 : index
// CHECK: scf.for {{.*}} step %[[BLOCK]] iter_args(%[[TOTAL:.*]] = %
// CHECK: scf.for
// CHECK-COUNT-4: vector.load
// CHECK: vector.shuffle
// CHECK: arith.addf %[[TOTAL]],
// CHECK: scf.for
// CHECK: vector.maskedload
func.func private @batch_sum_of_scalars(%B: index {batten.symbol = "B"}, %x: tensor<?xf32> {batten.dims = ["B"]})
    -> (tensor<f32> {batten.dims = []}) attributes {batten.kind = "batch_reduction", batten.split = 0 : i64} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<f32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<f32>) -> tensor<f32>
  %sum = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> ()>], iterator_types = ["reduction"]}
      ins(%x : tensor<?xf32>) outs(%init : tensor<f32>) attrs = {batten.order = "blocks", batten.lanes} {
  ^bb0(%a: f32, %acc: f32):
    %next = arith.addf %acc, %a : f32
    linalg.yield %next : f32
  } -> tensor<f32>
  return %sum : tensor<f32>
}
