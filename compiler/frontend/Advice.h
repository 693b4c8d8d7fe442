// Advice.h - what a word of Python, PyTorch or NumPy is called here: help lines for those who come from there.
//
// Includes no MLIR.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_FRONTEND_ADVICE_H
#define BATTEN_COMPILER_FRONTEND_ADVICE_H

#include <string>
#include <string_view>

namespace batten::frontend {

/// Each is a help line for a word that was found in that place; empty where there is nothing to say.
std::string adviceForStatement(std::string_view word);                     ///< `if`, `def`, `self`
std::string adviceForFunction(std::string_view word);                      ///< `cat(..)`, `torch.view(..)`
std::string adviceForMember(std::string_view word, std::string_view base); ///< `x.view`, `x.shape`
std::string adviceForOption(std::string_view word);                        ///< `axis: 1`
std::string adviceForDType(std::string_view word);                         ///< `float32`

} // namespace batten::frontend

#endif
