// Access.h - where the elements of a tensor value lie, symbolically.
//
// Kernels are built on plain pointers, so every tensor value of an outlined group is resolved through its views
// (slices, splits, joins, transposes) to a root that really lies in memory, an offset and one stride a dimension, all
// of them dim polynomials in the function's symbols. Nothing is copied to be viewed.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_ACCESS_H
#define BATTEN_COMPILER_KERNELS_ACCESS_H

#include "dialect/Batten.h"
#include "dialect/Dims.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include <map>
#include <optional>
#include <string>

namespace batten {

/// How many pieces of `by` hold `dim`, and what they hold together.
Dim ceilDiv(const Dim &dim, const Dim &by);
Dim ceilDiv(const Dim &dim, int64_t by);
Dim roundUp(const Dim &dim, int64_t to);
/// How many a group has where `count` things are in as few groups of at most `most` as there must be, and these of one
/// size, but for the last; of none, or where only the call knows how many: `most`.
int64_t evenly(std::optional<int64_t> count, int64_t most);
/// `count` is not 0.
Dim evenly(const Dim &count, const Dim &most);

/// Extents of the tensor values of one function, in elements, as polynomials in its symbols.
class Shapes {
public:
  explicit Shapes(mlir::func::FuncOp function) : function(function) {}

  /// One extent a dimension of `tensor`. Every size in the linalg form is arithmetic on the symbol arguments, so this
  /// never fails on a module that the lowering made; an unknown index is an internal error and comes out as the symbol
  /// "?".
  llvm::ArrayRef<Dim> of(mlir::Value tensor);
  /// States what can't be inferred: the results of a call.
  void set(mlir::Value tensor, llvm::ArrayRef<Dim> dims) { extents[tensor] = llvm::SmallVector<Dim>(dims); }
  /// The polynomial that an index value computes.
  Dim ofIndex(mlir::Value index);
  Dim ofIndex(mlir::OpFoldResult index);

private:
  llvm::SmallVector<Dim> infer(mlir::Value tensor);
  mlir::func::FuncOp function;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<Dim>> extents;
  llvm::DenseMap<mlir::Value, Dim> indices;
};

/// Element (i0, i1, ...) of the value is root[offset + sum over d of strides[d] * i_d], in elements.
struct Access {
  mlir::Value root;
  Dim offset;
  llvm::SmallVector<Dim> strides;
};

/// Row-major strides of a dense tensor of these extents.
llvm::SmallVector<Dim> denseStrides(llvm::ArrayRef<Dim> extents);

/// Resolves `tensor` through its view operations; nullopt where a join meets dimensions that do not lie side by side.
std::optional<Access> resolveAccess(mlir::Value tensor, Shapes &shapes);

/// True for the operations that only re-read the memory of their operand.
bool isView(mlir::Operation *op);

/// Index values of dim polynomials, made where the builder stands and kept for as long as that block dominates.
class SizeValues {
public:
  explicit SizeValues(std::map<std::string, mlir::Value> symbols) : symbols(std::move(symbols)) {}
  mlir::Value get(mlir::OpBuilder &builder, mlir::Location loc, const Dim &dim) const;

private:
  std::map<std::string, mlir::Value> symbols;
};

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_ACCESS_H
