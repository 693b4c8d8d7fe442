// Plans: text and generic form read back as they were.
// RUN: batten-opt %s -o %t.mlir && FileCheck %s < %t.mlir
// RUN: batten-opt %t.mlir | diff %t.mlir -
// RUN: batten-opt %s -mlir-print-op-generic | batten-opt | diff %t.mlir -

// CHECK-LABEL: batten.plan @q_proj[B, T <= 2048] kind "entry" attributes {c_name = "q_proj", independent = ["B", "T"]} {
// CHECK-NEXT: ^bb0(%[[X:.*]]: !batten.pointer, %[[OUT:.*]]: !batten.pointer):
batten.plan @q_proj[B, T <= 2048] kind "entry" attributes {c_name = "q_proj", independent = ["B", "T"]} {
^bb0(%x: !batten.pointer, %out: !batten.pointer):
  // CHECK: %[[P:.*]] = batten.program_memory offset 64
  %p = batten.program_memory offset 64
  // CHECK: %[[C:.*]] = batten.constant_data dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
  %c = batten.constant_data dense<[1.0, 2.0]> : tensor<2xf32>
  %b0 = batten.buffer "64*B"
  %b1 = batten.buffer "64*T"
  // CHECK: %[[B:.*]] = batten.buffer "256*B*T" above(%{{.*}}, %{{.*}})
  %b = batten.buffer "256*B*T" above(%b0, %b1)
  // CHECK: batten.launch @rows range "B*T" work "6144*B*T" sizes ["B", "T"] scratch "4096*T" in %[[B]] (%[[X]], %[[P]])
  batten.launch @rows range "B*T" work "6144*B*T" sizes ["B", "T"] scratch "4096*T" in %b (%x, %p)
}
