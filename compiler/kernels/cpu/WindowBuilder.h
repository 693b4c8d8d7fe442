// WindowBuilder.h - what the builders of convolutions and pools have in common.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_WINDOWBUILDER_H
#define BATTEN_COMPILER_KERNELS_CPU_WINDOWBUILDER_H

#include "compiler/kernels/cpu/Epilogue.h"
#include "compiler/kernels/cpu/LoopCode.h"
#include "compiler/kernels/cpu/Window.h"

namespace batten {

class WindowBuilder : protected LoopCode {
public:
  WindowBuilder(mlir::func::FuncOp group, const Level &level, KernelFrame &frame);

protected:
  mlir::func::FuncOp group;
  const Level &level;
  KernelFrame &frame;
  Shapes shapes;
  GroupScalars scalars;
  VectorCode code;
  Window window;
  Operand out;
  Epilogue epilogue;
  mlir::Type accumulator;
  unsigned lanesLoop = 0; ///< of the result, that lanes run along when they are stored: its columns

  /// Reads the group into the members above; the lanes are those of the accumulator.
  llvm::LogicalResult resolve();
  /// The kernel once its body is built.
  llvm::FailureOr<Kernel> finished(const Dim &range, const Dim &work, const Dim &scratchBytes);

  mlir::Value size(const Dim &dim) { return frame.size(dim); }
  /// A loop also where it is known to have one turn or none.
  void loop(mlir::Value from, mlir::Value to, int64_t step, llvm::function_ref<void(mlir::Value)> body);
  /// carried = body(i, carried) for i = from .. to - 1.
  Values fold(mlir::Value from, mlir::Value to, mlir::ValueRange carried,
              llvm::function_ref<Values(mlir::Value, mlir::ValueRange)> body);
  /// Unit u is panel u % panels of part u / panels of an image: `enter` for every part of the kernel's range, then
  /// `panel` for its panels.
  void walkParts(mlir::Value panels, llvm::function_ref<void(mlir::Value)> enter,
                 llvm::function_ref<void(mlir::Value)> panel);
  /// How many of the places 0, step, 2 * step, .. lie before `before`, which may be negative.
  mlir::Value firstInside(mlir::Value before, int64_t step);
  /// Taps [first, second) of the window's rows meet the image at row `row` of the result.
  std::pair<mlir::Value, mlir::Value> tapRowsInside(mlir::Value row);

  /// Elements that the windows fold, each with an element of the image.
  Dim folded() const;
  /// How many units there are that have these digits.
  Dim numUnits(llvm::ArrayRef<Dim> inner) const;
  /// Digits of a unit in the batch loops and then `inner`, outermost first.
  Values digitsOfUnit(mlir::Value index, llvm::ArrayRef<Dim> inner);
  /// The first element of the image of a batch entry.
  mlir::Value imageOf(mlir::ValueRange batch);
  /// What a convolution's units are parts of: a batch entry, a group of channels and a block of its result.
  struct Part {
    Values batch;
    mlir::Value group, block;
    mlir::Value image; ///< the first element of the group's
  };
  /// Part `number`, where an image's result has so many blocks.
  Part partAt(mlir::Value number, const Dim &blocks);
  /// A vector of the result that begins at `lane` of `lanesLoop`; `digits` are those of the loops before it.
  struct Result {
    mlir::Value sum;
    Values digits;
    mlir::Value lane, mask;
  };
  /// Where `operand` has the first element of a result.
  mlir::Value placeOf(const Result &result, const Operand &operand);
  /// Epilogue and stores.
  void finish(llvm::ArrayRef<Result> results);
};

/// The kernel of `group` by a WindowBuilder with a build(); none is left where it fails.
template <typename Builder>
llvm::FailureOr<Kernel> buildWindow(mlir::func::FuncOp group, mlir::StringRef name, const Level &level) {
  KernelFrame frame(group, name, level);
  llvm::FailureOr<Kernel> kernel = Builder(group, level, frame).build();
  if (failed(kernel))
    frame.function.erase();
  return kernel;
}

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_WINDOWBUILDER_H
