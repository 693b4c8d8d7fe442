// CompilerLibrary.cpp - see CompilerLibrary.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/CompilerLibrary.h"
#include <dlfcn.h>
#include <filesystem>

namespace batten {

Compiler *loadCompiler(std::string &error) {
  static Compiler *compiler = nullptr;
  if (compiler)
    return compiler;
  std::error_code code;
  std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", code);
  std::string path = (self.parent_path().parent_path() / "lib" / "libbatten-compiler.so").string();
  // Lazily: of the 26,000 functions that MLIR calls in itself a build needs few, and binding all took 10 ms.
  void *library = dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL);
  if (!library) {
    error = "cannot load the compiler: " + std::string(dlerror());
    return nullptr;
  }
  auto get = reinterpret_cast<Compiler *(*)()>(dlsym(library, "batten_compiler"));
  if (!get) {
    error = path + " is not Batten's compiler: it has no batten_compiler";
    return nullptr;
  }
  return compiler = get();
}

} // namespace batten
