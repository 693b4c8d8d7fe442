// OneKernel.h - a program of one kernel, compiled, linked and loaded into this process.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_TEST_CODEGEN_ONEKERNEL_H
#define BATTEN_TEST_CODEGEN_ONEKERNEL_H

#include "Tiny.h"

/// A program p with one entry f over B rows of 16, whose kernel has `body` for its loop: %a and %r are its flat views
/// of `element`, %i is the offset of a row.
inline std::string program(const std::string &level, const std::string &element, const std::string &dtype,
                           const std::string &body, const std::string &outElement = "",
                           const std::string &outDtype = "") {
  std::string out = outElement.empty() ? element : outElement, outType = outDtype.empty() ? dtype : outDtype;
  return R"(
module attributes {batten.program = "p", batten.level = ")" +
         level + R"(", batten.source_hash = "0", batten.source = "p.btn"} {
  func.func @k(%begin: index, %end: index, %x: memref<)" +
         element + R"(> {llvm.noalias}, %y: memref<)" + out + R"(> {llvm.noalias},
               %scratch: memref<i8>) attributes {batten.kernel} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c16 = arith.constant 16 : index
    %most = arith.constant 576460752303423487 : index
    %a = memref.reinterpret_cast %x to offset: [0], sizes: [%most], strides: [1] : memref<)" +
         element + R"(> to memref<?x)" + element + R"(>
    %r = memref.reinterpret_cast %y to offset: [0], sizes: [%most], strides: [1] : memref<)" +
         out + R"(> to memref<?x)" + out + R"(>
    scf.for %n = %begin to %end step %c1 {
      %i = arith.muli %n, %c16 : index
      )" +
         body + R"(
    }
    return
  }
  batten.plan @f[B] kind "entry" attributes {c_name = "f", arguments = [
      #batten.argument<name = "x", type = !batten.tensor<)" +
         dtype + R"([B | 16]>, kind = input>,
      #batten.argument<name = "out", type = !batten.tensor<)" +
         outType + R"([B | 16]>, kind = result>]} {
  ^bb0(%x: !batten.pointer, %out: !batten.pointer):
    batten.launch @k range "B" work "1000000000" sizes [] scratch "0" (%x, %out)
  }
}
)";
}

/// Its library, bound where that went well.
struct Loaded {
  explicit Loaded(const std::string &text, const batten::CodegenOptions &options = {}) {
    Module module;
    if (!module.parseText(text))
      return;
    auto object = batten::emitObject(*module, options, error);
    if (!object)
      return;
    bytes = *object;
    library = std::make_unique<Library>(batten::linkShared(bytes, "libp.so", error).value_or(""));
    auto bind = library->find<int(void *, int64_t, const void **, batten_error *)>("p_bind");
    if (bind)
      bound = bind(memory, sizeof memory, &program, nullptr);
  }
  int call(int64_t B, const void *x, void *out) {
    auto f =
        library->find<int(const void *, int64_t, const void *, void *, void *, int64_t, const batten_call *)>("p_f");
    return f(program, B, x, out, nullptr, 0, nullptr);
  }
  std::string bytes, error;
  std::unique_ptr<Library> library;
  alignas(64) char memory[64];
  const void *program = nullptr;
  int bound = -1;
};

#endif // BATTEN_TEST_CODEGEN_ONEKERNEL_H
