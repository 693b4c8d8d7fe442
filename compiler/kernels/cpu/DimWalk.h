// DimWalk.h - the rows of an operation that runs along one dim: all dims but that one, as one index.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_DIMWALK_H
#define BATTEN_COMPILER_KERNELS_CPU_DIMWALK_H

#include "compiler/kernels/cpu/RowCode.h"
#include "compiler/kernels/cpu/VectorCode.h"

namespace batten {

/// Each access meets dims [0, end) of a domain but `along`, row-major, as rows.
class DimWalk {
public:
  DimWalk(llvm::ArrayRef<Dim> extents, size_t along, size_t end);
  /// `operand` has a stride for every dim of the domain.
  void add(const Operand &operand);
  Dim count() const { return countOf(rows.domain); }
  /// The first element of each access in row `index`, in the order in which they were added.
  llvm::SmallVector<mlir::Value> firstElements(const VectorCode &code, KernelFrame &frame, mlir::Value index) const;

private:
  RowGroup rows;
  size_t along, end;
};

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_DIMWALK_H
