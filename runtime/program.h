// program.h - a loaded program, as the bind and the call see it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_RUNTIME_PROGRAM_H
#define BATTEN_RUNTIME_PROGRAM_H

#include "batten.h"
#include "memory.h"

#include <atomic>

namespace batten::runtime {

/// What dlopen gave, for every program object made of it.
struct Library {
  std::atomic<int64_t> users{1};
  void *handle = nullptr;
};

} // namespace batten::runtime

struct batten_program {
  const batten_description *description = nullptr;
  batten::runtime::Library *library = nullptr; ///< null for a program that is linked in
  void *memory = nullptr;                      ///< description->program_bytes of it, from the bind on
  const void *bound = nullptr;                 ///< what the entries take; null before the bind
  mutable std::atomic<int64_t> balance{0};     ///< of uses, kept by the model that holds it (model.cpp)

  batten_program() = default;
  batten_program(const batten_program &) = delete;
  batten_program &operator=(const batten_program &) = delete;
  ~batten_program();
};

namespace batten::runtime {

/// Opens a shared library of ours and finds its description; on success the caller closes *outLibrary with dlclose.
int openLibrary(const char *path, const char *name, void **outLibrary, const batten_description **outDescription,
                batten_error *error);

/// Hands one pointer a weight to the program's own bind, in memory that the program object keeps.
int bindPointers(batten_program &program, const void *const *weights, batten_error *error);

int requireProgram(const batten_program *program, batten_error *error);

/// The entry of that number, if there is one.
int findEntry(const batten_program *program, int64_t number, const batten_entry *&outEntry, batten_error *error);

} // namespace batten::runtime

#endif // BATTEN_RUNTIME_PROGRAM_H
