// batten-opt.cpp - runs passes on MLIR text: a developer's tool, and that of the tests.
//
// It registers all of MLIR so that any stage's output can be read and lowered further by hand; the product never does.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Passes.h"
#include "dialect/Batten.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registry.insert<batten::BattenDialect>();
  mlir::registerAllPasses();
  batten::registerBattenPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "Batten optimiser driver\n", registry));
}
