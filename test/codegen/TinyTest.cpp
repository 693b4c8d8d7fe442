// TinyTest.cpp - loads tiny.mlir, and what must hold before anything is called.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Tiny.h"
#include "dialect/Batten.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"
#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

Module::Module() {
  mlir::DialectRegistry registry;
  batten::registerCodegen(registry);
  registry.insert<batten::BattenDialect, mlir::arith::ArithDialect, mlir::func::FuncDialect, mlir::math::MathDialect,
                  mlir::memref::MemRefDialect, mlir::scf::SCFDialect, mlir::vector::VectorDialect>();
  context.appendDialectRegistry(registry);
  context.loadAllAvailableDialects();
}
Module::~Module() = default;

bool Module::parseFile(const std::string &name) {
  module = mlir::parseSourceFile<mlir::ModuleOp>(std::string(BATTEN_TEST_SOURCE_DIR) + "/codegen/" + name, &context);
  return bool(module);
}
bool Module::parseText(const std::string &text) {
  module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  return bool(module);
}

// The file stays open as long as the library: its path must be no other library's, or dlopen gives that one.
Library::Library(const std::string &bytes) : file(memfd_create("batten-test", 0)) {
  if (file < 0 || write(file, bytes.data(), bytes.size()) != ssize_t(bytes.size()))
    return;
  handle = dlopen(("/proc/self/fd/" + std::to_string(file)).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    fprintf(stderr, "%s\n", dlerror());
}
Library::~Library() {
  if (handle)
    dlclose(handle);
  close(file);
}
void *Library::address(const char *name) const { return handle ? dlsym(handle, name) : nullptr; }

Tiny::Tiny() {
  Module module;
  if (!module.parseFile("tiny.mlir"))
    return;
  auto made = batten::emitObject(*module, {}, error);
  if (!made)
    return;
  object = *made;
  auto linked = batten::linkShared(object, "", error);
  if (!linked)
    return;
  library = std::make_unique<Library>(*linked);
  bind = library->find<std::remove_pointer_t<decltype(bind)>>("tiny_bind");
  add = library->find<std::remove_pointer_t<decltype(add)>>("tiny_add");
  addWorkspace = library->find<std::remove_pointer_t<decltype(addWorkspace)>>("tiny_add_workspace");
  window = library->find<std::remove_pointer_t<decltype(window)>>("tiny_window");
  windowWorkspace = library->find<std::remove_pointer_t<decltype(windowWorkspace)>>("tiny_window_workspace");
  describe = library->find<std::remove_pointer_t<decltype(describe)>>("tiny_describe");
  if (bind)
    bind(memory, sizeof memory, weights, &program, nullptr);
}

Tiny &tiny() {
  static Tiny instance;
  return instance;
}

TEST(Tiny, CompilesLinksLoadsAndBinds) {
  EXPECT_EQ(tiny().error, "");
  ASSERT_TRUE(tiny().library && tiny().library->loaded());
  EXPECT_TRUE(tiny().bind && tiny().add && tiny().addWorkspace && tiny().window && tiny().windowWorkspace &&
              tiny().describe);
  EXPECT_EQ(tiny().program, tiny().memory);
}
