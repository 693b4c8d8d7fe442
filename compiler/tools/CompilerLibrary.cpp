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
  void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
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
