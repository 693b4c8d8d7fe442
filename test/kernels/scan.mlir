// Sums of the first elements: groups of 16, in registers.
// RUN: batten-opt --split-input-file --batten-build-kernels=cpu=x86-64-v4 --canonicalize --cse %s | FileCheck %s
// RUN: batten-opt --split-input-file --batten-build-kernels=cpu=x86-64-v3 --canonicalize --cse %s | FileCheck %s --check-prefix=HALVES

// Whole lines of columns that outgrow the caches are stored past them: sixteen places of four vectors, behind one branch
// a unit. Where a vector is half a line, they are as many lines.
// CHECK-LABEL: func.func @sums_of_whole_lines(
// CHECK: memref.extract_aligned_pointer_as_index
// CHECK: %[[LARGE:.*]] = arith.cmpi ugt
// CHECK: %[[PAST:.*]] = arith.andi %{{.*}}, %[[LARGE]] : i1
// CHECK: scf.if %[[PAST]] {
// CHECK-COUNT-64: nontemporal = true
// CHECK: } else {
// CHECK-COUNT-64: vector.store
// CHECK: llvm.call_intrinsic "llvm.x86.sse.sfence"
// HALVES-LABEL: func.func @sums_of_whole_lines(
// HALVES-COUNT-128: nontemporal = true
// HALVES-NOT: nontemporal
func.func private @sums_of_whole_lines(%B: index {batten.symbol = "B"}, %x: tensor<?x1024x512xf32> {batten.dims = ["B", "1024", "512"]})
    -> (tensor<?x1024x512xf32> {batten.dims = ["B", "1024", "512"]}) attributes {batten.kind = "scan"} {
  %empty = tensor.empty(%B) : tensor<?x1024x512xf32>
  %y = batten.scan %x into %empty dim 1 : (tensor<?x1024x512xf32>, tensor<?x1024x512xf32>) -> tensor<?x1024x512xf32>
  return %y : tensor<?x1024x512xf32>
}

// -----

// Columns that are no whole lines are not.
// CHECK-LABEL: func.func @sums_of_parts_of_lines(
// CHECK-NOT: nontemporal
// HALVES-LABEL: func.func @sums_of_parts_of_lines(
// HALVES-NOT: nontemporal
func.func private @sums_of_parts_of_lines(%B: index {batten.symbol = "B"}, %x: tensor<?x1024x500xf32> {batten.dims = ["B", "1024", "500"]})
    -> (tensor<?x1024x500xf32> {batten.dims = ["B", "1024", "500"]}) attributes {batten.kind = "scan"} {
  %empty = tensor.empty(%B) : tensor<?x1024x500xf32>
  %y = batten.scan %x into %empty dim 1 : (tensor<?x1024x500xf32>, tensor<?x1024x500xf32>) -> tensor<?x1024x500xf32>
  return %y : tensor<?x1024x500xf32>
}
