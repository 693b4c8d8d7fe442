// program.cpp - opening, closing and asking programs.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "program.h"

#include "status.h"

#include <dlfcn.h>
#include <string.h>

using namespace batten::runtime;

namespace {

void leaveLibrary(Library *library) {
  if (library->users.fetch_sub(1, std::memory_order_acq_rel) > 1)
    return;
  if (library->handle)
    dlclose(library->handle);
  destroy(library);
}

} // namespace

batten_program::~batten_program() {
  release(memory);
  if (library)
    leaveLibrary(library);
}

namespace {

/// Takes over one use of the library.
int makeProgram(const batten_description *description, Library *library, batten_program **out_program,
                batten_error *error) {
  batten_program *program = create<batten_program>();
  if (!program) {
    if (library)
      leaveLibrary(library);
    return BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "no memory to open a program");
  }
  program->description = description;
  program->library = library;
  *out_program = program;
  return 0;
}

int checkDescription(const batten_description *description, batten_error *error) {
  if (!description)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "the description is NULL");
  if (description->abi != BATTEN_ABI || description->size != sizeof(batten_description))
    return BATTEN_REFUSE(error, BATTEN_E_ABI,
                         "the program has ABI %u (description of %u bytes), this library has %u (%u)", description->abi,
                         description->size, BATTEN_ABI, (unsigned)sizeof(batten_description));
  return 0;
}

} // namespace

namespace batten::runtime {

int bindPointers(batten_program &program, const void *const *weights, batten_error *error) {
  const batten_description &description = *program.description;
  void *memory = allocate(description.program_bytes);
  if (!memory)
    return BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "no memory for %s: %lld bytes", description.name,
                         (long long)description.program_bytes);
  const void *bound = nullptr;
  const void *const *given = description.weight_count > 0 ? weights : nullptr;
  if (const int result = description.bind(memory, description.program_bytes, given, &bound, error)) {
    release(memory);
    return result;
  }
  program.memory = memory;
  program.bound = bound;
  return 0;
}

int requireProgram(const batten_program *program, batten_error *error) {
  return program ? 0 : BATTEN_REFUSE(error, BATTEN_E_NULL, "program is NULL: opening it was refused, or never done");
}

int findEntry(const batten_program *program, int64_t number, const batten_entry *&outEntry, batten_error *error) {
  if (const int result = requireProgram(program, error))
    return result;
  const batten_description &description = *program->description;
  if (number >= 0 && number < description.entry_count) {
    outEntry = &description.entries[number];
    return 0;
  }
  char text[160];
  Sentence names(text, sizeof text); // a number out of range is mostly the -1 of a name that was not found
  for (int64_t i = 0; i < description.entry_count; ++i)
    names.add("%s%s", i ? ", " : "", description.entries[i].name);
  return BATTEN_REFUSE(error, BATTEN_E_NAME, "%.60s has no entry %lld, it has 0 to %lld: %s", description.name,
                       (long long)number, (long long)description.entry_count - 1, text);
}

} // namespace batten::runtime

int batten_program_open(const char *path, const char *name, batten_program **out_program, batten_error *error) {
  if (!out_program)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "out_program is NULL");
  const batten_description *description;
  Owned<Library> library(create<Library>());
  if (!library)
    return BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "no memory to open a program");
  if (const int result = openLibrary(path, name, &library->handle, &description, error))
    return result;
  if (const int result = checkDescription(description, error)) {
    dlclose(library->handle);
    return result;
  }
  return makeProgram(description, library.take(), out_program, error);
}

int batten_program_copy(const batten_program *program, batten_program **out_program, batten_error *error) {
  if (const int result = requireProgram(program, error))
    return result;
  if (!out_program)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "out_program is NULL");
  if (program->library)
    program->library->users.fetch_add(1, std::memory_order_relaxed);
  return makeProgram(program->description, program->library, out_program, error);
}

int batten_program_from(const batten_description *description, batten_program **out_program, batten_error *error) {
  if (!out_program)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "out_program is NULL");
  if (const int result = checkDescription(description, error))
    return result;
  return makeProgram(description, nullptr, out_program, error);
}

void batten_program_close(batten_program *program) { destroy(program); }

const batten_description *batten_program_describe(const batten_program *program) {
  return program ? program->description : nullptr;
}

int64_t batten_program_find(const batten_program *program, const char *entry) {
  if (!program || !entry)
    return -1;
  const batten_description &description = *program->description;
  for (int64_t i = 0; i < description.entry_count; ++i)
    if (!strcmp(description.entries[i].name, entry) || !strcmp(description.entries[i].c_symbol, entry))
      return i;
  return -1;
}

const char *batten_program_level(const batten_program *program) {
  if (!program || !program->bound)
    return nullptr;
  const uint32_t level = static_cast<const batten_program_header *>(program->bound)->level;
  return level < program->description->level_count ? program->description->levels[level].name : nullptr;
}
