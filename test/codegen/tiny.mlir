// A program by hand that has everything: weights packed by a bind plan, a buffer, scratch, a scalar by value, an inout,
// two sizes, a guard. The unit tests of this folder compile and call it.
//
//   add(x: f32[B | 5], s: f32) -> f32[B | 5]      out = (x + w) * s
//   window(x: i32[B | T], inout y: i32[B |])      y += x[0] + ... + x[T - 1], where T != 3
//
// RUN: batten-opt %s | batten-opt | FileCheck %s
// CHECK: batten.plan @add[B] kind "entry"
// CHECK: batten.launch @scale_rows range "B" work "1000000000"
#f32Weight = #batten.argument<name = "w", type = !batten.tensor<f32[| 5]>, kind = weight, path = "m.w", from = "m.weight">
module attributes {batten.program = "tiny", batten.program_bytes = 128 : i64, batten.weights = [#f32Weight],
                   batten.level = "x86-64-v3", batten.source_hash = "1f0c9a77", batten.source = "tiny.btn"} {

  func.func @copy_f32(%begin: index, %end: index, %n: index, %from: memref<f32> {llvm.noalias},
                      %to: memref<f32> {llvm.noalias}, %scratch: memref<i8>) attributes {batten.kernel} {
    %c1 = arith.constant 1 : index
    %most = arith.constant 576460752303423487 : index
    %a = memref.reinterpret_cast %from to offset: [0], sizes: [%most], strides: [1] : memref<f32> to memref<?xf32>
    %b = memref.reinterpret_cast %to to offset: [0], sizes: [%most], strides: [1] : memref<f32> to memref<?xf32>
    scf.for %i = %begin to %end step %c1 {
      %v = memref.load %a[%i] : memref<?xf32>
      memref.store %v, %b[%i] : memref<?xf32>
    }
    return
  }

  func.func @add_rows(%begin: index, %end: index, %B: index, %x: memref<f32> {llvm.noalias}, %w: memref<f32> {llvm.noalias},
                      %y: memref<f32> {llvm.noalias}, %scratch: memref<i8>) attributes {batten.kernel} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c5 = arith.constant 5 : index
    %most = arith.constant 576460752303423487 : index
    %a = memref.reinterpret_cast %x to offset: [0], sizes: [%most], strides: [1] : memref<f32> to memref<?xf32>
    %b = memref.reinterpret_cast %w to offset: [0], sizes: [%most], strides: [1] : memref<f32> to memref<?xf32>
    %r = memref.reinterpret_cast %y to offset: [0], sizes: [%most], strides: [1] : memref<f32> to memref<?xf32>
    scf.for %i = %begin to %end step %c1 {
      scf.for %j = %c0 to %c5 step %c1 {
        %row = arith.muli %i, %c5 : index
        %at = arith.addi %row, %j : index
        %u = memref.load %a[%at] : memref<?xf32>
        %v = memref.load %b[%j] : memref<?xf32>
        %s = arith.addf %u, %v : f32
        memref.store %s, %r[%at] : memref<?xf32>
      }
    }
    return
  }

  // Each row goes through the scratch, so that two threads on one scratch would show.
  func.func @scale_rows(%begin: index, %end: index, %B: index, %y: memref<f32> {llvm.noalias}, %s: memref<f32> {llvm.noalias},
                        %out: memref<f32> {llvm.noalias}, %scratch: memref<i8>) attributes {batten.kernel} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c5 = arith.constant 5 : index
    %most = arith.constant 576460752303423487 : index
    %a = memref.reinterpret_cast %y to offset: [0], sizes: [%most], strides: [1] : memref<f32> to memref<?xf32>
    %r = memref.reinterpret_cast %out to offset: [0], sizes: [%most], strides: [1] : memref<f32> to memref<?xf32>
    %bytes = memref.reinterpret_cast %scratch to offset: [0], sizes: [%most], strides: [1] : memref<i8> to memref<?xi8>
    %mine = memref.view %bytes[%c0][%c5] : memref<?xi8> to memref<?xf32>
    %factor = memref.load %s[] : memref<f32>
    scf.for %i = %begin to %end step %c1 {
      %row = arith.muli %i, %c5 : index
      scf.for %j = %c0 to %c5 step %c1 {
        %at = arith.addi %row, %j : index
        %v = memref.load %a[%at] : memref<?xf32>
        %p = arith.mulf %v, %factor : f32
        memref.store %p, %mine[%j] : memref<?xf32>
      }
      scf.for %j = %c0 to %c5 step %c1 {
        %at = arith.addi %row, %j : index
        %v = memref.load %mine[%j] : memref<?xf32>
        memref.store %v, %r[%at] : memref<?xf32>
      }
    }
    return
  }

  func.func @sum_rows(%begin: index, %end: index, %T: index, %x: memref<i32> {llvm.noalias}, %y: memref<i32> {llvm.noalias},
                      %scratch: memref<i8>) attributes {batten.kernel} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %most = arith.constant 576460752303423487 : index
    %a = memref.reinterpret_cast %x to offset: [0], sizes: [%most], strides: [1] : memref<i32> to memref<?xi32>
    %r = memref.reinterpret_cast %y to offset: [0], sizes: [%most], strides: [1] : memref<i32> to memref<?xi32>
    scf.for %i = %begin to %end step %c1 {
      %row = arith.muli %i, %T : index
      %before = memref.load %r[%i] : memref<?xi32>
      %sum = scf.for %j = %c0 to %T step %c1 iter_args(%total = %before) -> (i32) {
        %at = arith.addi %row, %j : index
        %v = memref.load %a[%at] : memref<?xi32>
        %next = arith.addi %total, %v : i32
        scf.yield %next : i32
      }
      memref.store %sum, %r[%i] : memref<?xi32>
    }
    return
  }

  batten.plan @bind[] kind "bind" {
  ^bb0(%w: !batten.pointer):
    %p = batten.program_memory offset 64
    batten.launch @copy_f32 range "5" work "1000000000" sizes ["5"] scratch "0" (%w, %p)
  }

  batten.plan @add[B] kind "entry" attributes {
      c_name = "add", signature = "pub fn add(x: f32[B | 5], s: f32) -> f32[B | 5]", independent = ["B"],
      batten.flops = "10*B",
      batten.layers = [#batten.layer<name = "m", type = "f32[B | 5]", parameters = 5, parameterBytes = 20, tied = false,
                                     flops = "10*B", bytes = "-1">],
      batten.id_ranges = [#batten.id_range<argument = 0, least = 1, end = "7 + B">],
      arguments = [#batten.argument<name = "x", type = !batten.tensor<f32[B | 5]>, kind = input>,
                   #batten.argument<name = "s", type = !batten.tensor<f32[|]>, kind = input, scalar>, #f32Weight,
                   #batten.argument<name = "out", type = !batten.tensor<f32[B | 5]>, kind = result>]} {
  ^bb0(%x: !batten.pointer, %s: !batten.pointer, %out: !batten.pointer):
    %p = batten.program_memory offset 64
    %y = batten.buffer "20*B"
    %mine = batten.buffer "20" above(%y)
    batten.launch @add_rows range "B" work "1000000000" sizes ["B"] scratch "0" (%x, %p, %y)
    batten.launch @scale_rows range "B" work "1000000000" sizes ["B"] scratch "20" in %mine (%y, %s, %out)
  }

  batten.plan @window[B, T <= 8] kind "entry" attributes {
      c_name = "window", signature = "pub fn window(x: i32[B | T], inout y: i32[B |]) -> i32[B |]", independent = ["B"],
      nonempty = ["B"], guards = ["T != 3"],
      arguments = [#batten.argument<name = "x", type = !batten.tensor<i32[B | T]>, kind = input>,
                   #batten.argument<name = "y", type = !batten.tensor<i32[B |]>, kind = inout>]} {
  ^bb0(%x: !batten.pointer, %y: !batten.pointer):
    batten.launch @sum_rows range "B" work "1000000000" sizes ["T"] scratch "0" (%x, %y)
  }
}
