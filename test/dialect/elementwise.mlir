// The element-wise ops: text, generic form and bytecode all read back as they were.
// RUN: batten-opt %s -o %t.mlir && FileCheck %s < %t.mlir
// RUN: batten-opt %t.mlir | diff %t.mlir -
// RUN: batten-opt %s -mlir-print-op-generic | batten-opt | diff %t.mlir -
// RUN: batten-opt %s -emit-bytecode | batten-opt | diff %t.mlir -

// CHECK-LABEL: @neg[
// CHECK: %{{.*}} = batten.neg %{{.*}} : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
batten.func @neg[B](%x: !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.neg %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: @not[
// CHECK: %{{.*}} = batten.not %{{.*}} : (!batten.tensor<i1[B | 8]>) -> !batten.tensor<i1[B | 8]>
batten.func @not[B](%x: !batten.tensor<i1[B | 8]>) -> !batten.tensor<i1[B | 8]> {
  %y = batten.not %x : (!batten.tensor<i1[B | 8]>) -> !batten.tensor<i1[B | 8]>
  batten.return %y : !batten.tensor<i1[B | 8]>
}

// CHECK-LABEL: @relu[
// CHECK: %{{.*}} = batten.relu %{{.*}} : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
batten.func @relu[B](%x: !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.relu %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: @gelu[
// CHECK: %{{.*}} = batten.gelu %{{.*}} : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
batten.func @gelu[B](%x: !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.gelu %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: @silu[
// CHECK: %{{.*}} = batten.silu %{{.*}} : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
batten.func @silu[B](%x: !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.silu %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: @tanh[
// CHECK: %{{.*}} = batten.tanh %{{.*}} : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
batten.func @tanh[B](%x: !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.tanh %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: @sigmoid[
// CHECK: %{{.*}} = batten.sigmoid %{{.*}} : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
batten.func @sigmoid[B](%x: !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.sigmoid %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: @exp[
// CHECK: %{{.*}} = batten.exp %{{.*}} : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
batten.func @exp[B](%x: !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.exp %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: @log[
// CHECK: %{{.*}} = batten.log %{{.*}} : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
batten.func @log[B](%x: !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.log %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: @sqrt[
// CHECK: %{{.*}} = batten.sqrt %{{.*}} : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
batten.func @sqrt[B](%x: !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.sqrt %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: @rsqrt[
// CHECK: %{{.*}} = batten.rsqrt %{{.*}} : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
batten.func @rsqrt[B](%x: !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.rsqrt %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: @sin[
// CHECK: %{{.*}} = batten.sin %{{.*}} : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
batten.func @sin[B](%x: !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.sin %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: @cos[
// CHECK: %{{.*}} = batten.cos %{{.*}} : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
batten.func @cos[B](%x: !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.cos %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: @abs[
// CHECK: %{{.*}} = batten.abs %{{.*}} : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
batten.func @abs[B](%x: !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.abs %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: @softplus[
// CHECK: %{{.*}} = batten.softplus %{{.*}} : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
batten.func @softplus[B](%x: !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.softplus %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: @cast[
// CHECK: %{{.*}} = batten.cast %{{.*}} : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<bf16[B | 8]>
batten.func @cast[B](%x: !batten.tensor<f32[B | 8]>) -> !batten.tensor<bf16[B | 8]> {
  %y = batten.cast %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<bf16[B | 8]>
  batten.return %y : !batten.tensor<bf16[B | 8]>
}

// CHECK-LABEL: @add[
// CHECK: %{{.*}} = batten.add %{{.*}}, %{{.*}} : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 8]>
batten.func @add[B](%a: !batten.tensor<f32[B | 8]>, %b: !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.add %a, %b : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: @sub[
// CHECK: %{{.*}} = batten.sub %{{.*}}, %{{.*}} : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 8]>
batten.func @sub[B](%a: !batten.tensor<f32[B | 8]>, %b: !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.sub %a, %b : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: @mul[
// CHECK: %{{.*}} = batten.mul %{{.*}}, %{{.*}} : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 8]>
batten.func @mul[B](%a: !batten.tensor<f32[B | 8]>, %b: !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.mul %a, %b : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: @div[
// CHECK: %{{.*}} = batten.div %{{.*}}, %{{.*}} : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 8]>
batten.func @div[B](%a: !batten.tensor<f32[B | 8]>, %b: !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.div %a, %b : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: @rem[
// CHECK: %{{.*}} = batten.rem %{{.*}}, %{{.*}} : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 8]>
batten.func @rem[B](%a: !batten.tensor<f32[B | 8]>, %b: !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.rem %a, %b : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: @pow[
// CHECK: %{{.*}} = batten.pow %{{.*}}, %{{.*}} : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 8]>
batten.func @pow[B](%a: !batten.tensor<f32[B | 8]>, %b: !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.pow %a, %b : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: @max[
// CHECK: %{{.*}} = batten.max %{{.*}}, %{{.*}} : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 8]>
batten.func @max[B](%a: !batten.tensor<f32[B | 8]>, %b: !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.max %a, %b : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: @min[
// CHECK: %{{.*}} = batten.min %{{.*}}, %{{.*}} : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 8]>
batten.func @min[B](%a: !batten.tensor<f32[B | 8]>, %b: !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.min %a, %b : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: @and[
// CHECK: %{{.*}} = batten.and %{{.*}}, %{{.*}} : (!batten.tensor<i1[B | 8]>, !batten.tensor<i1[B |]>) -> !batten.tensor<i1[B | 8]>
batten.func @and[B](%a: !batten.tensor<i1[B | 8]>, %b: !batten.tensor<i1[B |]>) -> !batten.tensor<i1[B | 8]> {
  %y = batten.and %a, %b : (!batten.tensor<i1[B | 8]>, !batten.tensor<i1[B |]>) -> !batten.tensor<i1[B | 8]>
  batten.return %y : !batten.tensor<i1[B | 8]>
}

// CHECK-LABEL: @or[
// CHECK: %{{.*}} = batten.or %{{.*}}, %{{.*}} : (!batten.tensor<i1[B | 8]>, !batten.tensor<i1[B |]>) -> !batten.tensor<i1[B | 8]>
batten.func @or[B](%a: !batten.tensor<i1[B | 8]>, %b: !batten.tensor<i1[B |]>) -> !batten.tensor<i1[B | 8]> {
  %y = batten.or %a, %b : (!batten.tensor<i1[B | 8]>, !batten.tensor<i1[B |]>) -> !batten.tensor<i1[B | 8]>
  batten.return %y : !batten.tensor<i1[B | 8]>
}

// CHECK-LABEL: @eq[
// CHECK: %{{.*}} = batten.eq %{{.*}}, %{{.*}} : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<i1[B | 8]>
batten.func @eq[B](%a: !batten.tensor<f32[B | 8]>, %b: !batten.tensor<f32[B |]>) -> !batten.tensor<i1[B | 8]> {
  %y = batten.eq %a, %b : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<i1[B | 8]>
  batten.return %y : !batten.tensor<i1[B | 8]>
}

// CHECK-LABEL: @ne[
// CHECK: %{{.*}} = batten.ne %{{.*}}, %{{.*}} : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<i1[B | 8]>
batten.func @ne[B](%a: !batten.tensor<f32[B | 8]>, %b: !batten.tensor<f32[B |]>) -> !batten.tensor<i1[B | 8]> {
  %y = batten.ne %a, %b : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<i1[B | 8]>
  batten.return %y : !batten.tensor<i1[B | 8]>
}

// CHECK-LABEL: @lt[
// CHECK: %{{.*}} = batten.lt %{{.*}}, %{{.*}} : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<i1[B | 8]>
batten.func @lt[B](%a: !batten.tensor<f32[B | 8]>, %b: !batten.tensor<f32[B |]>) -> !batten.tensor<i1[B | 8]> {
  %y = batten.lt %a, %b : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<i1[B | 8]>
  batten.return %y : !batten.tensor<i1[B | 8]>
}

// CHECK-LABEL: @le[
// CHECK: %{{.*}} = batten.le %{{.*}}, %{{.*}} : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<i1[B | 8]>
batten.func @le[B](%a: !batten.tensor<f32[B | 8]>, %b: !batten.tensor<f32[B |]>) -> !batten.tensor<i1[B | 8]> {
  %y = batten.le %a, %b : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<i1[B | 8]>
  batten.return %y : !batten.tensor<i1[B | 8]>
}

// CHECK-LABEL: @gt[
// CHECK: %{{.*}} = batten.gt %{{.*}}, %{{.*}} : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<i1[B | 8]>
batten.func @gt[B](%a: !batten.tensor<f32[B | 8]>, %b: !batten.tensor<f32[B |]>) -> !batten.tensor<i1[B | 8]> {
  %y = batten.gt %a, %b : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<i1[B | 8]>
  batten.return %y : !batten.tensor<i1[B | 8]>
}

// CHECK-LABEL: @ge[
// CHECK: %{{.*}} = batten.ge %{{.*}}, %{{.*}} : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<i1[B | 8]>
batten.func @ge[B](%a: !batten.tensor<f32[B | 8]>, %b: !batten.tensor<f32[B |]>) -> !batten.tensor<i1[B | 8]> {
  %y = batten.ge %a, %b : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<i1[B | 8]>
  batten.return %y : !batten.tensor<i1[B | 8]>
}

// CHECK-LABEL: @select[
// CHECK: %{{.*}} = batten.select %{{.*}}, %{{.*}}, %{{.*}} : (!batten.tensor<i1[B | 8]>, !batten.tensor<f32[B | 8]>, !batten.tensor<f32[|]>) -> !batten.tensor<f32[B | 8]>
batten.func @select[B](%c: !batten.tensor<i1[B | 8]>, %a: !batten.tensor<f32[B | 8]>, %b: !batten.tensor<f32[|]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.select %c, %a, %b : (!batten.tensor<i1[B | 8]>, !batten.tensor<f32[B | 8]>, !batten.tensor<f32[|]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}
