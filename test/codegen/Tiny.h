// Tiny.h - test/codegen/tiny.mlir compiled, linked and loaded into this process.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_TEST_CODEGEN_TINY_H
#define BATTEN_TEST_CODEGEN_TINY_H

#include "compiler/codegen/Codegen.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "runtime/abi.h"
#include <memory>
#include <string>

/// A module read from a file of this folder, or from text.
class Module {
public:
  Module();
  ~Module();
  bool parseFile(const std::string &name);
  bool parseText(const std::string &text);
  mlir::ModuleOp operator*() { return *module; }

private:
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

/// A shared library in memory.
class Library {
public:
  explicit Library(const std::string &bytes);
  ~Library();
  Library(const Library &) = delete;
  Library &operator=(const Library &) = delete;
  bool loaded() const { return handle != nullptr; }
  template <typename Function> Function *find(const char *name) const {
    return reinterpret_cast<Function *>(address(name));
  }

private:
  void *address(const char *name) const;
  int file;
  void *handle = nullptr;
};

/// The C functions of tiny.mlir.
struct Tiny {
  Tiny();
  std::string object, error;
  std::unique_ptr<Library> library;
  int (*bind)(void *, int64_t, const float *const *, const void **, batten_error *) = nullptr;
  int (*add)(const void *, int64_t, const float *, float, float *, void *, int64_t, const batten_call *) = nullptr;
  int64_t (*addWorkspace)(int64_t) = nullptr;
  int (*window)(const void *, int64_t, int64_t, const int32_t *, int32_t *, void *, int64_t,
                const batten_call *) = nullptr;
  int64_t (*windowWorkspace)(int64_t, int64_t) = nullptr;
  const batten_description *(*describe)() = nullptr;

  /// Weights 1, 2, 3, 4, 5.
  const float weight[5] = {1, 2, 3, 4, 5};
  const float *const weights[1] = {weight};
  alignas(64) char memory[128];
  const void *program = nullptr;
};

/// The one Tiny of this process, bound.
Tiny &tiny();

#endif // BATTEN_TEST_CODEGEN_TINY_H
