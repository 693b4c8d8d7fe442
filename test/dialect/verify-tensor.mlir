// Each numbered constraint of the ops on plain tensors is checked, and says what was found.
// RUN: batten-opt %s -verify-diagnostics -split-input-file

func.func @gather_rows_c1(%table: tensor<9x4xf32>, %id: tensor<?xi32>, %init: tensor<?x4xf32>) {
  // expected-error @+1 {{has an operand of 2 dims for 1 axes}}
  %y = batten.gather_rows %table axes [0] at %id axes [0] into %init : (tensor<9x4xf32>, tensor<?xi32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return
}

// -----

func.func @gather_rows_c2(%table: tensor<9x4xf32>, %id: tensor<?xi32>, %init: tensor<?x4xf32>) {
  // expected-error @+1 {{has axes that are no ascending numbers of its 1 loops}}
  %y = batten.gather_rows %table axes [] at %id axes [1] into %init : (tensor<9x4xf32>, tensor<?xi32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return
}

// -----

func.func @gather_rows_c3(%table: tensor<9x4xf32>, %id: tensor<?xi16>, %init: tensor<?x4xf32>) {
  // expected-error @+1 {{counts rows by i8, i32 or i64, not by 'i16'}}
  %y = batten.gather_rows %table axes [] at %id axes [0] into %init : (tensor<9x4xf32>, tensor<?xi16>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return
}

// -----

func.func @update_rows_c1(%row: tensor<?x4xf32>, %at: tensor<?xi32>, %c: tensor<4xf32>) {
  // expected-error @+1 {{has an operand of 2 dims for 1 axes}}
  %y = batten.update_rows %row axes [0] at %at axes [0] into %c : (tensor<?x4xf32>, tensor<?xi32>, tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @update_rows_c2(%row: tensor<?x?x4xf32>, %at: tensor<?xi32>, %c: tensor<?x?x9x4xf32>) {
  // expected-error @+1 {{has axes that are no ascending numbers of its 2 loops}}
  %y = batten.update_rows %row axes [1, 0] at %at axes [0] into %c : (tensor<?x?x4xf32>, tensor<?xi32>, tensor<?x?x9x4xf32>) -> tensor<?x?x9x4xf32>
  return
}

// -----

func.func @update_rows_c3(%row: tensor<?x4xf16>, %at: tensor<?xi32>, %c: tensor<?x9x4xf32>) {
  // expected-error @+1 {{moves rows of 'f16' into 'f32'}}
  %y = batten.update_rows %row axes [0] at %at axes [0] into %c : (tensor<?x4xf16>, tensor<?xi32>, tensor<?x9x4xf32>) -> tensor<?x9x4xf32>
  return
}
