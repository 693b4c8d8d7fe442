// Each numbered constraint of convolution and pools is checked, and says what was found.
// RUN: batten-opt %s -verify-diagnostics -split-input-file

batten.func @conv2d_c1[B](%x: !batten.tensor<f32[B | 3, 8, 8]>, %w: !batten.tensor<f32[| 4, 3, 3, 3]>) {
  // expected-error @+1 {{needs a stride, dilation and groups of at least 1 and a pad of at least 0}}
  %y = batten.conv2d %x, %w stride 0 pad 0 dilation 1 groups 1 : (!batten.tensor<f32[B | 3, 8, 8]>, !batten.tensor<f32[| 4, 3, 3, 3]>) -> !batten.tensor<f32[B | 4, 6, 6]>
  batten.return
}

// -----

batten.func @conv2d_c2[B](%x: !batten.tensor<f32[B | 3, 8, 8]>, %w: !batten.tensor<f32[| 4, 3, 3, 3]>) {
  // expected-error @+1 {{takes 6 channels in 2 groups, x has 3}}
  %y = batten.conv2d %x, %w stride 1 pad 0 dilation 1 groups 2 : (!batten.tensor<f32[B | 3, 8, 8]>, !batten.tensor<f32[| 4, 3, 3, 3]>) -> !batten.tensor<f32[B | 4, 6, 6]>
  batten.return
}

// -----

batten.func @conv2d_c2_outputs[B](%x: !batten.tensor<f32[B | 6, 8, 8]>, %w: !batten.tensor<f32[| 5, 3, 3, 3]>) {
  // expected-error @+1 {{has 5 outputs, which 2 groups do not divide}}
  %y = batten.conv2d %x, %w stride 1 pad 0 dilation 1 groups 2 : (!batten.tensor<f32[B | 6, 8, 8]>, !batten.tensor<f32[| 5, 3, 3, 3]>) -> !batten.tensor<f32[B | 5, 6, 6]>
  batten.return
}

// -----

batten.func @conv2d_c3[B](%x: !batten.tensor<f32[B | 3, 8, 8]>, %w: !batten.tensor<f32[| 4, 3, 3, 3]>) {
  // expected-error @+1 {{makes core [4, 6, 6], the result has [4, 8, 8]}}
  %y = batten.conv2d %x, %w stride 1 pad 0 dilation 1 groups 1 : (!batten.tensor<f32[B | 3, 8, 8]>, !batten.tensor<f32[| 4, 3, 3, 3]>) -> !batten.tensor<f32[B | 4, 8, 8]>
  batten.return
}

// -----

batten.func @conv2d_c3_bias[B](%x: !batten.tensor<f32[B | 3, 8, 8]>, %w: !batten.tensor<f32[| 4, 3, 3, 3]>, %b: !batten.tensor<f32[| 3]>) {
  // expected-error @+1 {{has 4 outputs, the bias has [3]}}
  %y = batten.conv2d %x, %w, %b stride 1 pad 0 dilation 1 groups 1 : (!batten.tensor<f32[B | 3, 8, 8]>, !batten.tensor<f32[| 4, 3, 3, 3]>, !batten.tensor<f32[| 3]>) -> !batten.tensor<f32[B | 4, 6, 6]>
  batten.return
}

// -----

batten.func @conv2d_c4[B](%x: !batten.tensor<f32[B | 3, 8, 8]>, %w: !batten.tensor<f64[| 4, 3, 3, 3]>) {
  // expected-error @+1 {{on f32 and f64; there is no promotion}}
  %y = batten.conv2d %x, %w stride 1 pad 0 dilation 1 groups 1 : (!batten.tensor<f32[B | 3, 8, 8]>, !batten.tensor<f64[| 4, 3, 3, 3]>) -> !batten.tensor<f32[B | 4, 6, 6]>
  batten.return
}

// -----

batten.func @conv2d_c4_bias[B](%x: !batten.tensor<f32[B | 3, 8, 8]>, %w: !batten.tensor<f32[| 4, 3, 3, 3]>, %b: !batten.tensor<f64[| 4]>) {
  // expected-error @+1 {{has a bias of f64 for a result of f32}}
  %y = batten.conv2d %x, %w, %b stride 1 pad 0 dilation 1 groups 1 : (!batten.tensor<f32[B | 3, 8, 8]>, !batten.tensor<f32[| 4, 3, 3, 3]>, !batten.tensor<f64[| 4]>) -> !batten.tensor<f32[B | 4, 6, 6]>
  batten.return
}

// -----

batten.func @max_pool2d_c1[B](%x: !batten.tensor<f32[B | 3, 8, 8]>) {
  // expected-error @+1 {{needs k and a stride of at least 1}}
  %y = batten.max_pool2d %x k 2 stride 0 : (!batten.tensor<f32[B | 3, 8, 8]>) -> !batten.tensor<f32[B | 3, 4, 4]>
  batten.return
}

// -----

batten.func @max_pool2d_c2[B](%x: !batten.tensor<f32[B | 3, 8, 8]>) {
  // expected-error @+1 {{makes core [3, 3, 3], the result has [3, 4, 4]}}
  %y = batten.max_pool2d %x k 3 stride 2 : (!batten.tensor<f32[B | 3, 8, 8]>) -> !batten.tensor<f32[B | 3, 4, 4]>
  batten.return
}

// -----

batten.func @max_pool2d_c2_dtype[B](%x: !batten.tensor<f32[B | 3, 8, 8]>) {
  // expected-error @+1 {{makes f64 of f32; the dtype stays}}
  %y = batten.max_pool2d %x k 2 stride 2 : (!batten.tensor<f32[B | 3, 8, 8]>) -> !batten.tensor<f64[B | 3, 4, 4]>
  batten.return
}

// -----

batten.func @avg_pool2d_c1[B](%x: !batten.tensor<f32[B | 3, 8, 8]>) {
  // expected-error @+1 {{needs k and a stride of at least 1}}
  %y = batten.avg_pool2d %x k 2 stride 0 : (!batten.tensor<f32[B | 3, 8, 8]>) -> !batten.tensor<f32[B | 3, 4, 4]>
  batten.return
}

// -----

batten.func @avg_pool2d_c2[B](%x: !batten.tensor<f32[B | 3, 8, 8]>) {
  // expected-error @+1 {{makes core [3, 3, 3], the result has [3, 4, 4]}}
  %y = batten.avg_pool2d %x k 3 stride 2 : (!batten.tensor<f32[B | 3, 8, 8]>) -> !batten.tensor<f32[B | 3, 4, 4]>
  batten.return
}

// -----

batten.func @avg_pool2d_c2_dtype[B](%x: !batten.tensor<f32[B | 3, 8, 8]>) {
  // expected-error @+1 {{makes f64 of f32; the dtype stays}}
  %y = batten.avg_pool2d %x k 2 stride 2 : (!batten.tensor<f32[B | 3, 8, 8]>) -> !batten.tensor<f64[B | 3, 4, 4]>
  batten.return
}
