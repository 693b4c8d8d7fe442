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

/// Attribute of the same: how many bytes they are, where the bind gives their pages back. Fewer are not worth asking.
inline constexpr llvm::StringLiteral releasedBytesName = "batten.released_bytes";
inline constexpr size_t leastReleasedBytes = size_t(1) << 20;

/// A dot keeps it apart from anything that C can name.
inline std::string weightsSymbol(llvm::StringRef program) { return (program + ".weights").str(); }

/// A relocatable object whose read-only data is `bytes`, at a multiple of 64, under the hidden name `symbol`; behind
/// those that a bind releases lie the pages that it tries first.
std::string makeWeightsObject(llvm::StringRef bytes, llvm::StringRef symbol);

} // namespace batten
#endif // BATTEN_COMPILER_CODEGEN_WEIGHTSOBJECT_H
