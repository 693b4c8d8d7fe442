// WeightsObject.h - weights that are part of what is built: an object of their own, next to that of the code.
//
// They never pass through LLVM IR: the code names one symbol, and the object that defines it is the bytes and a page of
// tables, so it is written as fast as it is copied.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_CODEGEN_WEIGHTSOBJECT_H
#define BATTEN_COMPILER_CODEGEN_WEIGHTSOBJECT_H

#include "llvm/ADT/StringRef.h"
#include <string>

namespace batten {

/// Attribute of a scheduled module: where each weight lies behind weightsSymbol, in the order of its weights. A module
/// that has it needs none for its bind.
inline constexpr llvm::StringLiteral weightOffsetsName = "batten.weight_offsets";

/// A dot keeps it apart from anything that C can name.
inline std::string weightsSymbol(llvm::StringRef program) { return (program + ".weights").str(); }

/// A relocatable object whose read-only data is `bytes`, at a multiple of 64, under the hidden name `symbol`.
std::string makeWeightsObject(llvm::StringRef bytes, llvm::StringRef symbol);

} // namespace batten
#endif // BATTEN_COMPILER_CODEGEN_WEIGHTSOBJECT_H
