// Functions, symbols, plans and the attributes of a module: text, generic form and bytecode all read back as they were.
// RUN: batten-opt %s -allow-unregistered-dialect -o %t.mlir && FileCheck %s < %t.mlir
// RUN: batten-opt %t.mlir -allow-unregistered-dialect | diff %t.mlir -
// RUN: batten-opt %s -allow-unregistered-dialect -mlir-print-op-generic | batten-opt -allow-unregistered-dialect | diff %t.mlir -
// RUN: batten-opt %s -allow-unregistered-dialect -emit-bytecode | batten-opt -allow-unregistered-dialect | diff %t.mlir -

// CHECK: batten.program = "lm"
// CHECK-SAME: batten.program_bytes = 1024 : i64
// CHECK-SAME: batten.weights = [#batten.argument<name = "up", type = !batten.tensor<f32[| 8, 4]>, kind = weight, path = "mlp.up", from = "h.0.up">]
module attributes {batten.program = "lm", batten.program_bytes = 1024 : i64, batten.weights = [
    #batten.argument<name = "up", type = !batten.tensor<f32[| 8, 4]>, kind = weight, path = "mlp.up", from = "h.0.up">]} {

// CHECK-LABEL: batten.func @every_symbol[B, T <= 2048, H = 8](%x: !batten.tensor<f32[B, H | T, 64]> {batten.name = "x"}) -> !batten.tensor<f32[B, H | T, 64]> {
// CHECK-NEXT: batten.return %x : !batten.tensor<f32[B, H | T, 64]>
batten.func @every_symbol[B, T <= 2048, H = 8](%x: !batten.tensor<f32[B, H | T, 64]> {batten.name = "x"}) -> !batten.tensor<f32[B, H | T, 64]> {
  batten.return %x : !batten.tensor<f32[B, H | T, 64]>
}

// A computed dim stands left of the bar; `B_2 = B` is B once more.
// CHECK-LABEL: batten.func @computed_symbols[B, T <= 2048, N = "T - 1", B_2 = B](
batten.func @computed_symbols[B, T <= 2048, N = "-1+T", B_2 = B](%x: !batten.tensor<f32[B, B_2, N | 64]>) {
  batten.return
}

// Polynomials are brought into normal form; a symbol that is no bare word is quoted.
// CHECK-LABEL: batten.func @dims[B, T <= 2048, N.1](
// CHECK-SAME: !batten.tensor<f32[B, N.1 | T, "3*T + 1", "div(T + 63, 64)", "T % 8", 0]>
// CHECK-SAME: -> (!batten.tensor<ui8[|]>, !batten.tensor<i1[B |]> {batten.note = "second"})
// CHECK-SAME: attributes {c_name = "dims_c", guards = ["T % 8 == 0"], signature = "pub fn dims()"}
batten.func @dims[B, T <= 2048, N.1](%x: !batten.tensor<f32[B, N.1 | T, "1+3*T", "div(63 + T, 64)", "T%8", 0]>, %u: !batten.tensor<ui8[|]>, %b: !batten.tensor<i1[B |]>)
    -> (!batten.tensor<ui8[|]>, !batten.tensor<i1[B |]> {batten.note = "second"})
    attributes {c_name = "dims_c", guards = ["T % 8 == 0"], signature = "pub fn dims()"} {
  batten.return %u, %b : !batten.tensor<ui8[|]>, !batten.tensor<i1[B |]>
}

// CHECK-LABEL: batten.func @nothing[]() {
// CHECK-NEXT: batten.return{{$}}
batten.func @nothing[]() {
  batten.return
}

// CHECK: "test.symbols"() {a = #batten.symbol<B>, b = #batten.symbol<T max 2048>, c = #batten.symbol<H = 8>, d = #batten.symbol<N = "T - 1">}
"test.symbols"() {a = #batten.symbol<B>, b = #batten.symbol<T max 2048>, c = #batten.symbol<H = 8>, d = #batten.symbol<N = "T - 1">} : () -> ()

// CHECK: "test.argument"() {a = #batten.argument<name = "p", type = !batten.tensor<f32[|]>, kind = inout, path = "w1", tree = "Mlp", scalar>}
"test.argument"() {a = #batten.argument<name = "p", type = !batten.tensor<f32[|]>, kind = inout, scalar, path = "w1", tree = "Mlp">} : () -> ()

// CHECK: "test.layer"() {a = #batten.layer<name = "m.0", type = "f32[B |]", parameters = 5, parameterBytes = 20, tied = true, flops = "2*B", bytes = "8*B">}
"test.layer"() {a = #batten.layer<name = "m.0", type = "f32[B |]", parameters = 5, parameterBytes = 20, tied = true, flops = "2*B", bytes = "8*B">} : () -> ()

// CHECK: "test.ids"() {a = #batten.id_range<argument = 1, least = 0, end = "T">}
"test.ids"() {a = #batten.id_range<argument = 1, least = 0, end = "T">} : () -> ()
}
