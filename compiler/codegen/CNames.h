// CNames.h - what things are called in C.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_CODEGEN_CNAMES_H
#define BATTEN_COMPILER_CODEGEN_CNAMES_H

#include "mlir/IR/Types.h"
#include "runtime/abi.h"
#include "llvm/ADT/StringSet.h"

namespace batten {

/// "f32", "bool", ...; and the C type of an element: "float", "batten_bool".
llvm::StringRef dtypeText(batten_dtype dtype);
llvm::StringRef dtypeInC(batten_dtype dtype);
batten_dtype dtypeOf(mlir::Type element);

/// The identifiers of one C argument list or struct.
class CNames {
public:
  CNames(llvm::StringRef program, llvm::ArrayRef<llvm::StringRef> fixed) : program(program) {
    for (llvm::StringRef name : fixed)
      used.insert(name);
  }
  /// `wanted`, with as many `_` at its end as make it one that C and C++ have free.
  std::string take(llvm::StringRef wanted);

private:
  llvm::StringRef program;
  llvm::StringSet<> used;
};

} // namespace batten
#endif // BATTEN_COMPILER_CODEGEN_CNAMES_H
