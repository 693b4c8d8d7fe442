// Join.h - objects -> one object.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_CODEGEN_JOIN_H
#define BATTEN_COMPILER_CODEGEN_JOIN_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>

namespace batten {

/// Several relocatable objects as one. nullopt comes with a sentence in `error`, as from localizeHidden().
std::optional<std::string> joinObjects(llvm::ArrayRef<llvm::StringRef> objects, std::string &error);

/// Makes what an object defines as hidden local, so that two programs in one link do not meet.
std::optional<std::string> localizeHidden(llvm::StringRef object, std::string &error);

} // namespace batten
#endif // BATTEN_COMPILER_CODEGEN_JOIN_H
