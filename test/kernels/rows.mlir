// Rows with their columns in the lanes: 64 accumulators, masked tails, no scalar arithmetic in a walk.
// RUN: batten-opt --split-input-file --batten-build-kernels=cpu=x86-64-v4 --canonicalize --cse %s | FileCheck %s

// Element i goes to lane i mod 64: four vectors of 16 are carried, 36 columns are left for two full vectors and a masked one.
// CHECK-LABEL: func.func @sum_of_100_columns(
// CHECK-DAG: %[[FOUR:.*]] = arith.constant dense<[true, true, true, true, false, false, false, false, false, false, false, false, false, false, false, false]>
// CHECK: scf.for
// CHECK-COUNT-4: vector.load {{.*}} vector<16xf32>
// CHECK-COUNT-2: vector.load {{.*}} vector<16xf32>
// CHECK: vector.maskedload %{{.*}}[%{{.*}}], %[[FOUR]]
// CHECK: arith.select %[[FOUR]]
// The halves: 32, 16, then parts of one vector.
// CHECK-COUNT-3: arith.addf {{.*}} : vector<16xf32>
// CHECK: vector.shuffle {{.*}} [8, 9, 10, 11, 12, 13, 14, 15] : vector<16xf32>
// CHECK: vector.shuffle {{.*}} [0, 1, 2, 3, 4, 5, 6, 7] : vector<16xf32>
// CHECK: arith.addf {{.*}} : vector<8xf32>
// CHECK-COUNT-3: arith.addf {{.*}} : vector<4xf32>
// CHECK: memref.store
// CHECK-NOT: memref.store
func.func private @sum_of_100_columns(%B: index {batten.symbol = "B"}, %x: tensor<?x100xf32> {batten.dims = ["B", "100"]})
    -> (tensor<?xf32> {batten.dims = ["B"]}) attributes {batten.kind = "rows", batten.split = 1 : i64} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty(%B) : tensor<?xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?xf32>) -> tensor<?xf32>
  %sum = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>],
                         iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x100xf32>) outs(%init : tensor<?xf32>) attrs = {batten.order = "lanes"} {
  ^bb0(%a: f32, %acc: f32):
    %next = arith.addf %acc, %a : f32
    linalg.yield %next : f32
  } -> tensor<?xf32>
  return %sum : tensor<?xf32>
}

// -----

// Halves are folded as integers of 16 bits, which 32 lanes have; NaN beyond either infinity is above all.
// CHECK-LABEL: func.func @max_of_halves(
// CHECK-DAG: arith.constant dense<15> : vector<32xi16>
// CHECK-DAG: %[[NANS:.*]] = arith.constant dense<127> : vector<32xi16>
// CHECK: scf.for {{.*}} -> (vector<32xi16>, vector<32xi16>)
// CHECK: arith.shrsi
// CHECK: arith.andi
// CHECK: %[[ORDERED:.*]] = arith.xori
// CHECK: arith.subi %[[ORDERED]], %[[NANS]]
// CHECK: arith.maxsi {{.*}} : vector<32xi16>
// CHECK-NOT: arith.{{extf|maximumf|truncf}}
func.func private @max_of_halves(%B: index {batten.symbol = "B"}, %x: tensor<?x1024xbf16> {batten.dims = ["B", "1024"]})
    -> (tensor<?xbf16> {batten.dims = ["B"]}) attributes {batten.kind = "rows", batten.split = 1 : i64} {
  %least = arith.constant 0xFF80 : bf16
  %empty = tensor.empty(%B) : tensor<?xbf16>
  %init = linalg.fill ins(%least : bf16) outs(%empty : tensor<?xbf16>) -> tensor<?xbf16>
  %max = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>],
                         iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x1024xbf16>) outs(%init : tensor<?xbf16>) attrs = {batten.order = "lanes"} {
  ^bb0(%a: bf16, %acc: bf16):
    %next = arith.maximumf %acc, %a : bf16
    linalg.yield %next : bf16
  } -> tensor<?xbf16>
  return %max : tensor<?xbf16>
}

// -----

// 10 columns of few rows are straight-line code; lanes that hold no column take no part in the halves.
// CHECK-LABEL: func.func @max_of_10_columns(
// CHECK: scf.for
// CHECK-NOT: scf.for
// CHECK: vector.maskedload
// Integers in the order of floats: one instruction folds, none what they begin at.
// CHECK-NOT: arith.maxsi {{.*}} : vector<16xi32>
// CHECK: arith.maxsi {{.*}} : vector<8xi32>
// CHECK-NOT: arith.maximumf
func.func private @max_of_10_columns(%x: tensor<5x10xf32> {batten.dims = ["5", "10"]})
    -> (tensor<5xf32> {batten.dims = ["5"]}) attributes {batten.kind = "rows", batten.split = 1 : i64} {
  %least = arith.constant 0xFF800000 : f32
  %empty = tensor.empty() : tensor<5xf32>
  %init = linalg.fill ins(%least : f32) outs(%empty : tensor<5xf32>) -> tensor<5xf32>
  %max = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>],
                         iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<5x10xf32>) outs(%init : tensor<5xf32>) attrs = {batten.order = "lanes"} {
  ^bb0(%a: f32, %acc: f32):
    %next = arith.maximumf %acc, %a : f32
    linalg.yield %next : f32
  } -> tensor<5xf32>
  return %max : tensor<5xf32>
}

// -----

// 10 columns of many rows: a vector of rows is turned, and each lane folds a row of its own; the rows that are left are
// folded across lanes, one by one. Two rows fill a vector with their first eight columns.
// CHECK-LABEL: func.func @max_of_10_columns_of_many_rows(
// CHECK: vector.load {{.*}} vector<8xf32>
// CHECK-NEXT: vector.load {{.*}} vector<8xf32>
// CHECK: vector.shuffle
// CHECK-COUNT-32: vector.shuffle {{.*}} : vector<16xf32>
// CHECK: arith.maxsi {{.*}} : vector<16xi32>
// CHECK-NOT: vector<8xi32>
// CHECK: scf.for
// CHECK: arith.maxsi {{.*}} : vector<8xi32>
func.func private @max_of_10_columns_of_many_rows(%B: index {batten.symbol = "B"},
                                                  %x: tensor<?x10xf32> {batten.dims = ["B", "10"]})
    -> (tensor<?xf32> {batten.dims = ["B"]}) attributes {batten.kind = "rows", batten.split = 1 : i64} {
  %least = arith.constant 0xFF800000 : f32
  %empty = tensor.empty(%B) : tensor<?xf32>
  %init = linalg.fill ins(%least : f32) outs(%empty : tensor<?xf32>) -> tensor<?xf32>
  %max = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>],
                         iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x10xf32>) outs(%init : tensor<?xf32>) attrs = {batten.order = "lanes"} {
  ^bb0(%a: f32, %acc: f32):
    %next = arith.maximumf %acc, %a : f32
    linalg.yield %next : f32
  } -> tensor<?xf32>
  return %max : tensor<?xf32>
}

// -----

// exp is computed once, in the walk that sums it, and kept in this thread's scratch for the quotient. The quotients are
// a burst of stores, so they never go past the caches. Per-row values are vectors: nothing scalar is computed.
// CHECK-LABEL: func.func @exp_over_its_sum(
// CHECK-NOT: arith.{{(add|sub|mul|div)}}f {{.*}} : f32
// CHECK: %[[KEPT:.*]] = memref.view %{{.*}} : memref<{{.*}}xi8{{.*}}> to memref<{{.*}}xf32>
// CHECK: scf.for
// CHECK: scf.for {{.*}} iter_args
// CHECK-NOT: math.exp
// CHECK: arith.addf
// CHECK: vector.store %{{.*}}, %[[KEPT]]
// CHECK: scf.for
// CHECK: memref.prefetch
// CHECK: vector.load %[[KEPT]]
// CHECK: arith.divf %{{.*}} : vector<16xf32>
// CHECK-NOT: {{nontemporal|sfence}}
// CHECK: vector.store
// CHECK-NOT: {{nontemporal|sfence}}
// CHECK: return
#rows = affine_map<(d0, d1) -> (d0)>
#full = affine_map<(d0, d1) -> (d0, d1)>
func.func private @exp_over_its_sum(%B: index {batten.symbol = "B"}, %x: tensor<?x1024xf32> {batten.dims = ["B", "1024"]})
    -> (tensor<?x1024xf32> {batten.dims = ["B", "1024"]}) attributes {batten.kind = "rows", batten.split = 1 : i64} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty(%B) : tensor<?xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?xf32>) -> tensor<?xf32>
  %values = tensor.empty(%B) : tensor<?x1024xf32>
  %exp = linalg.generic {indexing_maps = [#full, #full], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x1024xf32>) outs(%values : tensor<?x1024xf32>) {
  ^bb0(%a: f32, %out: f32):
    %e = math.exp %a : f32
    linalg.yield %e : f32
  } -> tensor<?x1024xf32>
  %sum = linalg.generic {indexing_maps = [#full, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%exp : tensor<?x1024xf32>) outs(%init : tensor<?xf32>) attrs = {batten.order = "lanes"} {
  ^bb0(%a: f32, %acc: f32):
    %next = arith.addf %acc, %a : f32
    linalg.yield %next : f32
  } -> tensor<?xf32>
  %quotient = linalg.generic {indexing_maps = [#full, #rows, #full], iterator_types = ["parallel", "parallel"]}
      ins(%exp, %sum : tensor<?x1024xf32>, tensor<?xf32>) outs(%values : tensor<?x1024xf32>) {
  ^bb0(%a: f32, %s: f32, %out: f32):
    %q = arith.divf %a, %s : f32
    linalg.yield %q : f32
  } -> tensor<?x1024xf32>
  return %quotient : tensor<?x1024xf32>
}

// -----

// Rows of 16 columns, which are whole lines: as many as a vector has lanes at once, the others one by one; nothing is
// stored past the caches.
// CHECK-LABEL: func.func @short_row_over_its_sum(
// CHECK-NOT: {{nontemporal|sfence}}
// CHECK: vector.shuffle
// CHECK-NOT: {{nontemporal|sfence}}
// CHECK: vector.store
// CHECK-NOT: {{nontemporal|sfence}}
// CHECK: return
#rows = affine_map<(d0, d1) -> (d0)>
#full = affine_map<(d0, d1) -> (d0, d1)>
func.func private @short_row_over_its_sum(%B: index {batten.symbol = "B"}, %x: tensor<?x16xf32> {batten.dims = ["B", "16"]})
    -> (tensor<?x16xf32> {batten.dims = ["B", "16"]}) attributes {batten.kind = "rows", batten.split = 1 : i64} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty(%B) : tensor<?xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?xf32>) -> tensor<?xf32>
  %values = tensor.empty(%B) : tensor<?x16xf32>
  %sum = linalg.generic {indexing_maps = [#full, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x16xf32>) outs(%init : tensor<?xf32>) attrs = {batten.order = "lanes"} {
  ^bb0(%a: f32, %acc: f32):
    %next = arith.addf %acc, %a : f32
    linalg.yield %next : f32
  } -> tensor<?xf32>
  %quotient = linalg.generic {indexing_maps = [#full, #rows, #full], iterator_types = ["parallel", "parallel"]}
      ins(%x, %sum : tensor<?x16xf32>, tensor<?xf32>) outs(%values : tensor<?x16xf32>) {
  ^bb0(%a: f32, %s: f32, %out: f32):
    %q = arith.divf %a, %s : f32
    linalg.yield %q : f32
  } -> tensor<?x16xf32>
  return %quotient : tensor<?x16xf32>
}

// -----

// The walk of the greatest element finds the least one too. Where they are near, the exponentials are not watched.
// CHECK-LABEL: func.func @softmax_row(
// CHECK: scf.for {{.*}} iter_args
// CHECK: arith.cmpf olt
// CHECK: %[[NEAR:.*]] = vector.reduction <and>
// CHECK: scf.if %[[NEAR]]
// CHECK-NOT: arith.minui
// CHECK: } else {
// CHECK: arith.minui
// CHECK: return
#rows = affine_map<(d0, d1) -> (d0)>
#full = affine_map<(d0, d1) -> (d0, d1)>
func.func private @softmax_row(%B: index {batten.symbol = "B"}, %x: tensor<?x1024xf32> {batten.dims = ["B", "1024"]})
    -> (tensor<?x1024xf32> {batten.dims = ["B", "1024"]}) attributes {batten.kind = "rows", batten.split = 1 : i64} {
  %least = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %row = tensor.empty(%B) : tensor<?xf32>
  %least_init = linalg.fill ins(%least : f32) outs(%row : tensor<?xf32>) -> tensor<?xf32>
  %max = linalg.generic {indexing_maps = [#full, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x1024xf32>) outs(%least_init : tensor<?xf32>) attrs = {batten.order = "lanes"} {
  ^bb0(%a: f32, %acc: f32):
    %next = arith.maximumf %acc, %a {batten.numbers_only} : f32
    linalg.yield %next : f32
  } -> tensor<?xf32>
  %all = tensor.empty(%B) : tensor<?x1024xf32>
  %exp = linalg.generic {indexing_maps = [#full, #rows, #full], iterator_types = ["parallel", "parallel"]}
      ins(%x, %max : tensor<?x1024xf32>, tensor<?xf32>) outs(%all : tensor<?x1024xf32>) {
  ^bb0(%a: f32, %m: f32, %out: f32):
    %d = arith.subf %a, %m : f32
    %e = math.exp %d {batten.nonpositive} : f32
    linalg.yield %e : f32
  } -> tensor<?x1024xf32>
  %zero_init = linalg.fill ins(%zero : f32) outs(%row : tensor<?xf32>) -> tensor<?xf32>
  %sum = linalg.generic {indexing_maps = [#full, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%exp : tensor<?x1024xf32>) outs(%zero_init : tensor<?xf32>) attrs = {batten.order = "lanes"} {
  ^bb0(%a: f32, %acc: f32):
    %next = arith.addf %acc, %a : f32
    linalg.yield %next : f32
  } -> tensor<?xf32>
  %y = linalg.generic {indexing_maps = [#full, #rows, #full], iterator_types = ["parallel", "parallel"]}
      ins(%exp, %sum : tensor<?x1024xf32>, tensor<?xf32>) outs(%all : tensor<?x1024xf32>) {
  ^bb0(%a: f32, %s: f32, %out: f32):
    %q = arith.divf %a, %s : f32
    linalg.yield %q : f32
  } -> tensor<?x1024xf32>
  return %y : tensor<?x1024xf32>
}

// -----

// No function in between: the quotients are stored past the caches where inputs and results are large, and the second
// walk prefetches the row after its own.
// CHECK-LABEL: func.func @row_over_its_sum(
// CHECK: memref.extract_aligned_pointer_as_index
// CHECK: %[[LARGE:.*]] = arith.cmpi ugt
// CHECK: %[[PAST:.*]] = arith.andi %{{.*}}, %[[LARGE]] : i1
// CHECK: scf.for
// CHECK: %[[NEXT:.*]] = arith.addi %{{.*}}, %c1024
// CHECK: scf.for {{.*}} iter_args
// CHECK-NOT: memref.prefetch
// CHECK: scf.for %[[AT:.*]] =
// CHECK: %[[LATER:.*]] = arith.addi %[[NEXT]], %[[AT]]
// CHECK: memref.prefetch %{{.*}}[%[[LATER]]], read, locality<2>
// CHECK: arith.divf %{{.*}} : vector<16xf32>
// CHECK: scf.if %[[PAST]] {
// CHECK-NEXT: vector.store {{.*}} {alignment = 64 : i64, nontemporal = true}
// CHECK: } else {
// CHECK-NEXT: vector.store
// CHECK-NOT: nontemporal
// CHECK: llvm.call_intrinsic "llvm.x86.sse.sfence"
#rows = affine_map<(d0, d1) -> (d0)>
#full = affine_map<(d0, d1) -> (d0, d1)>
func.func private @row_over_its_sum(%B: index {batten.symbol = "B"}, %x: tensor<?x1024xf32> {batten.dims = ["B", "1024"]})
    -> (tensor<?x1024xf32> {batten.dims = ["B", "1024"]}) attributes {batten.kind = "rows", batten.split = 1 : i64} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty(%B) : tensor<?xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?xf32>) -> tensor<?xf32>
  %values = tensor.empty(%B) : tensor<?x1024xf32>
  %sum = linalg.generic {indexing_maps = [#full, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x1024xf32>) outs(%init : tensor<?xf32>) attrs = {batten.order = "lanes"} {
  ^bb0(%a: f32, %acc: f32):
    %next = arith.addf %acc, %a : f32
    linalg.yield %next : f32
  } -> tensor<?xf32>
  %quotient = linalg.generic {indexing_maps = [#full, #rows, #full], iterator_types = ["parallel", "parallel"]}
      ins(%x, %sum : tensor<?x1024xf32>, tensor<?xf32>) outs(%values : tensor<?x1024xf32>) {
  ^bb0(%a: f32, %s: f32, %out: f32):
    %q = arith.divf %a, %s : f32
    linalg.yield %q : f32
  } -> tensor<?x1024xf32>
  return %quotient : tensor<?x1024xf32>
}

// -----

// Exponentials of what is not above 0: the least of them is found beside their sum, and one branch a row chooses the walk
// that multiplies by the reciprocal without asking. They wait in the place of their quotients, not in a scratch. The
// maximum of numbers is one instruction.
// CHECK-LABEL: func.func @quotients_of_a_safe_row(
// CHECK-SAME: %{{.*}}: memref<f32>{{.*}}, %[[RESULT:.*]]: memref<f32>
// CHECK: %[[PLACE:.*]] = memref.reinterpret_cast %[[RESULT]]
// CHECK-NOT: memref.view
// CHECK: scf.for {{.*}} iter_args
// CHECK-NOT: arith.maxsi
// CHECK: arith.cmpf ogt
// CHECK: scf.for {{.*}} iter_args
// CHECK: arith.minui
// CHECK: vector.store %{{.*}}, %[[PLACE]]
// CHECK: vector.reduction <and>
// CHECK: scf.if
// CHECK: vector.load %[[PLACE]]
// CHECK-NOT: {{arith.cmpi ult|arith.divf}}
// CHECK: math.fma
// CHECK: scf.for
// CHECK: arith.cmpi ult
// CHECK: arith.divf
#rows = affine_map<(d0, d1) -> (d0)>
#full = affine_map<(d0, d1) -> (d0, d1)>
func.func private @quotients_of_a_safe_row(%B: index {batten.symbol = "B"}, %x: tensor<?x1024xf32> {batten.dims = ["B", "1024"]})
    -> (tensor<?x1024xf32> {batten.dims = ["B", "1024"]}) attributes {batten.kind = "rows", batten.split = 1 : i64} {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %empty = tensor.empty(%B) : tensor<?xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?xf32>) -> tensor<?xf32>
  %first = linalg.fill ins(%least : f32) outs(%empty : tensor<?xf32>) -> tensor<?xf32>
  %values = tensor.empty(%B) : tensor<?x1024xf32>
  %max = linalg.generic {indexing_maps = [#full, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x1024xf32>) outs(%first : tensor<?xf32>) attrs = {batten.order = "lanes"} {
  ^bb0(%a: f32, %acc: f32):
    %next = arith.maximumf %acc, %a {batten.numbers_only} : f32
    linalg.yield %next : f32
  } -> tensor<?xf32>
  %exp = linalg.generic {indexing_maps = [#full, #rows, #full], iterator_types = ["parallel", "parallel"]}
      ins(%x, %max : tensor<?x1024xf32>, tensor<?xf32>) outs(%values : tensor<?x1024xf32>) {
  ^bb0(%a: f32, %m: f32, %out: f32):
    %d = arith.subf %a, %m : f32
    %e = math.exp %d {batten.nonpositive} : f32
    linalg.yield %e : f32
  } -> tensor<?x1024xf32>
  %sum = linalg.generic {indexing_maps = [#full, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%exp : tensor<?x1024xf32>) outs(%init : tensor<?xf32>) attrs = {batten.order = "lanes"} {
  ^bb0(%a: f32, %acc: f32):
    %next = arith.addf %acc, %a : f32
    linalg.yield %next : f32
  } -> tensor<?xf32>
  %quotient = linalg.generic {indexing_maps = [#full, #rows, #full], iterator_types = ["parallel", "parallel"]}
      ins(%exp, %sum : tensor<?x1024xf32>, tensor<?xf32>) outs(%values : tensor<?x1024xf32>) {
  ^bb0(%a: f32, %s: f32, %out: f32):
    %q = arith.divf %a, %s : f32
    linalg.yield %q : f32
  } -> tensor<?x1024xf32>
  return %quotient : tensor<?x1024xf32>
}

// -----

// Rounding to bf16 is no cheap operation: what was rounded is kept for the second walk. Even and odd columns are rounded
// at once, and of what is only stored all of a turn before the first store, so that one question serves them
// (codegen/SpellOutRoundings.cpp).
// CHECK-LABEL: func.func @rounded_once(
// CHECK: %[[KEPT:.*]] = memref.view
// CHECK: scf.for {{.*}} iter_args
// CHECK: %[[EVEN:.*]] = arith.addf
// CHECK-NEXT: %[[ODD:.*]] = arith.addf
// CHECK: %[[BOTH:.*]] = vector.interleave %[[EVEN]], %[[ODD]] : vector<16xf32> -> vector<32xf32>
// CHECK: %[[PAIR:.*]] = arith.truncf %[[BOTH]] : vector<32xf32> to vector<32xbf16>
// CHECK: arith.bitcast %[[PAIR]]
// CHECK: vector.store %{{.*}}, %[[KEPT]]{{.*}} vector<32xi16>
// CHECK: scf.for
// CHECK-NOT: arith.addf
// CHECK: vector.load %[[KEPT]]
// CHECK: vector.load %[[KEPT]]
// CHECK-COUNT-4: arith.mulf
// CHECK: %[[FIRST:.*]] = arith.truncf %{{.*}} : vector<32xf32> to vector<32xbf16>
// CHECK-NEXT: %[[SECOND:.*]] = arith.truncf %{{.*}} : vector<32xf32> to vector<32xbf16>
// CHECK: arith.bitcast %[[FIRST]]
// CHECK: arith.bitcast %[[SECOND]]
// CHECK-NOT: arith.addf
// CHECK: return
#rows = affine_map<(d0, d1) -> (d0)>
#full = affine_map<(d0, d1) -> (d0, d1)>
func.func private @rounded_once(%B: index {batten.symbol = "B"}, %x: tensor<?x1024xbf16> {batten.dims = ["B", "1024"]},
    %y: tensor<?x1024xbf16> {batten.dims = ["B", "1024"]})
    -> (tensor<?x1024xbf16> {batten.dims = ["B", "1024"]}) attributes {batten.kind = "rows", batten.split = 1 : i64} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty(%B) : tensor<?xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?xf32>) -> tensor<?xf32>
  %values = tensor.empty(%B) : tensor<?x1024xbf16>
  %rounded = linalg.generic {indexing_maps = [#full, #full, #full], iterator_types = ["parallel", "parallel"]}
      ins(%x, %y : tensor<?x1024xbf16>, tensor<?x1024xbf16>) outs(%values : tensor<?x1024xbf16>) {
  ^bb0(%a: bf16, %b: bf16, %out: bf16):
    %l = arith.extf %a : bf16 to f32
    %r = arith.extf %b : bf16 to f32
    %s = arith.addf %l, %r : f32
    %t = arith.truncf %s : f32 to bf16
    linalg.yield %t : bf16
  } -> tensor<?x1024xbf16>
  %squares = linalg.generic {indexing_maps = [#full, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%rounded : tensor<?x1024xbf16>) outs(%init : tensor<?xf32>) attrs = {batten.order = "lanes"} {
  ^bb0(%a: bf16, %acc: f32):
    %l = arith.extf %a : bf16 to f32
    %next = math.fma %l, %l, %acc : f32
    linalg.yield %next : f32
  } -> tensor<?xf32>
  %scaled = linalg.generic {indexing_maps = [#full, #rows, #full], iterator_types = ["parallel", "parallel"]}
      ins(%rounded, %squares : tensor<?x1024xbf16>, tensor<?xf32>) outs(%values : tensor<?x1024xbf16>) {
  ^bb0(%a: bf16, %s: f32, %out: bf16):
    %l = arith.extf %a : bf16 to f32
    %q = arith.mulf %l, %s : f32
    %t = arith.truncf %q : f32 to bf16
    linalg.yield %t : bf16
  } -> tensor<?x1024xbf16>
  return %scaled : tensor<?x1024xbf16>
}

// -----

// A size of the call: whole chunks, then masked ones. x - mean is cheaper to compute again than to keep.
// CHECK-LABEL: func.func @squares_of_what_was_subtracted(
// CHECK-NOT: memref.view
// CHECK: scf.for
// CHECK: %[[SUMS:.*]]:4 = scf.for {{.*}} iter_args
// CHECK: vector.load
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %[[SUMS]]#0, %{{.*}} = %[[SUMS]]#1, %{{.*}} = %[[SUMS]]#2, %{{.*}} = %[[SUMS]]#3)
// CHECK-COUNT-4: vector.maskedload
// CHECK: arith.subf
// CHECK: math.fma
// CHECK: vector.maskedload
// CHECK: arith.subf
// CHECK: vector.maskedstore
#rows = affine_map<(d0, d1) -> (d0)>
#full = affine_map<(d0, d1) -> (d0, d1)>
func.func private @squares_of_what_was_subtracted(%B: index {batten.symbol = "B"}, %T: index {batten.symbol = "T"},
    %x: tensor<?x?xf32> {batten.dims = ["B", "T"]}, %mean: tensor<?xf32> {batten.dims = ["B"]})
    -> (tensor<?x?xf32> {batten.dims = ["B", "T"]}) attributes {batten.kind = "rows", batten.split = 1 : i64} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty(%B) : tensor<?xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?xf32>) -> tensor<?xf32>
  %values = tensor.empty(%B, %T) : tensor<?x?xf32>
  %c = linalg.generic {indexing_maps = [#full, #rows, #full], iterator_types = ["parallel", "parallel"]}
      ins(%x, %mean : tensor<?x?xf32>, tensor<?xf32>) outs(%values : tensor<?x?xf32>) {
  ^bb0(%a: f32, %m: f32, %out: f32):
    %d = arith.subf %a, %m : f32
    linalg.yield %d : f32
  } -> tensor<?x?xf32>
  %squares = linalg.generic {indexing_maps = [#full, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%c : tensor<?x?xf32>) outs(%init : tensor<?xf32>) attrs = {batten.order = "lanes"} {
  ^bb0(%a: f32, %acc: f32):
    %next = math.fma %a, %a, %acc : f32
    linalg.yield %next : f32
  } -> tensor<?xf32>
  %y = linalg.generic {indexing_maps = [#full, #rows, #full], iterator_types = ["parallel", "parallel"]}
      ins(%c, %squares : tensor<?x?xf32>, tensor<?xf32>) outs(%values : tensor<?x?xf32>) {
  ^bb0(%a: f32, %s: f32, %out: f32):
    %p = arith.mulf %a, %s : f32
    linalg.yield %p : f32
  } -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// -----

// Two reduced dims that no single stride enumerates are first laid side by side.
// CHECK-LABEL: func.func @sum_around_a_kept_dim(
// CHECK: %[[ROW:.*]] = memref.view
// CHECK: scf.for
// CHECK: scf.for
// CHECK: vector.store %{{.*}}, %[[ROW]]
// CHECK: vector.load %[[ROW]]
// CHECK: arith.addf
func.func private @sum_around_a_kept_dim(%B: index {batten.symbol = "B"},
    %x: tensor<?x9x5x16xf32> {batten.dims = ["B", "9", "5", "16"]})
    -> (tensor<?x5xf32> {batten.dims = ["B", "5"]}) attributes {batten.kind = "rows", batten.split = 2 : i64} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty(%B) : tensor<?x5xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x5xf32>) -> tensor<?x5xf32>
  %sum = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d2, d1, d3)>,
                                          affine_map<(d0, d1, d2, d3) -> (d0, d1)>],
                         iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%x : tensor<?x9x5x16xf32>) outs(%init : tensor<?x5xf32>) attrs = {batten.order = "lanes"} {
  ^bb0(%a: f32, %acc: f32):
    %next = arith.addf %acc, %a : f32
    linalg.yield %next : f32
  } -> tensor<?x5xf32>
  return %sum : tensor<?x5xf32>
}
