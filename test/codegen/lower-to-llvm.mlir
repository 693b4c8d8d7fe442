// Kernels keep their shape and get the target of their level; a plan becomes the functions of the C interface.
// RUN: batten-opt -batten-lower-to-llvm %s | FileCheck %s
// RUN: batten-opt -batten-lower-to-llvm=cpu=x86-64-v3 %s | FileCheck %s --check-prefix=V3
// RUN: not batten-opt -batten-lower-to-llvm=cpu=z80 %s 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: unknown CPU level 'z80'

module attributes {batten.program = "p", batten.level = "x86-64-v4", batten.program_bytes = 64 : i64} {
  // Pointers are plain and keep noalias; the chain is one fma; loops are blocks.
  // CHECK-LABEL: llvm.func hidden @square(
  // CHECK-SAME: i64, %{{.*}}: i64, %{{.*}}: !llvm.ptr {llvm.noalias}, %{{.*}}: !llvm.ptr {llvm.noalias}, %{{.*}}: !llvm.ptr)
  // CHECK-SAME: no_unwind, prefer_vector_width = "512", section = ".text.x86-64-v4", target_cpu = "x86-64-v4"
  // CHECK: llvm.cond_br
  // CHECK: llvm.intr.fma({{.*}}) : (vector<16xf32>, vector<16xf32>, vector<16xf32>) -> vector<16xf32>
  // V3: prefer_vector_width = "256", section = ".text.x86-64-v3", target_cpu = "x86-64-v3"
  func.func @square(%begin: index, %end: index, %x: memref<f32> {llvm.noalias}, %y: memref<f32> {llvm.noalias},
                    %scratch: memref<i8>) attributes {batten.kernel} {
    %c1 = arith.constant 1 : index
    %c16 = arith.constant 16 : index
    %most = arith.constant 576460752303423487 : index
    %a = memref.reinterpret_cast %x to offset: [0], sizes: [%most], strides: [1] : memref<f32> to memref<?xf32>
    %r = memref.reinterpret_cast %y to offset: [0], sizes: [%most], strides: [1] : memref<f32> to memref<?xf32>
    scf.for %n = %begin to %end step %c1 {
      %i = arith.muli %n, %c16 : index
      %v = vector.load %a[%i] : memref<?xf32>, vector<16xf32>
      %w = math.fma %v, %v, %v : vector<16xf32>
      vector.store %w, %r[%i] : memref<?xf32>, vector<16xf32>
    }
    return
  }

  // The buffers: %b above %a, begun at a multiple of 64; the scratch above both.
  // CHECK-LABEL: llvm.func hidden @p_f.call(
  // CHECK: %[[STATUS:.*]] = llvm.call @batten_support_check(
  // CHECK: llvm.icmp "eq" %[[STATUS]]
  // CHECK: llvm.intr.smax
  // CHECK: llvm.and
  // CHECK: llvm.mlir.addressof @square.launch
  // CHECK: llvm.call @batten_support_launch(
  // CHECK: llvm.mlir.addressof @square.launch
  // CHECK: llvm.call @batten_support_launch(
  // CHECK: llvm.call @batten_support_row_status(
  // CHECK-LABEL: llvm.func hidden @square.launch(
  // CHECK: llvm.call @square(
  // CHECK-LABEL: llvm.func @p_f(
  // CHECK-SAME: !llvm.ptr, %{{.*}}: i64, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: i64, %{{.*}}: !llvm.ptr) -> i32
  // CHECK: llvm.func @p_f_workspace(%{{.*}}: i64) -> i64
  // CHECK: llvm.func @p_bind(
  // CHECK: llvm.func @p_describe() -> !llvm.ptr
  // CHECK-NOT: batten.plan
  batten.plan @f[B] kind "entry" attributes {c_name = "f", arguments = [
      #batten.argument<name = "x", type = !batten.tensor<f32[B | 16]>, kind = input>,
      #batten.argument<name = "out", type = !batten.tensor<f32[B | 16]>, kind = result>]} {
  ^bb0(%x: !batten.pointer, %out: !batten.pointer):
    %a = batten.buffer "64*B"
    %b = batten.buffer "64*B" above(%a)
    batten.launch @square range "B" work "1000000000" sizes [] scratch "0" (%x, %b)
    batten.launch @square range "B" work "1000000000" sizes [] scratch "0" (%b, %out)
  }
}
