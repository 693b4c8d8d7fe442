// bind.cpp - giving a program its weights, from tensors or from a .safetensors file.
//
// Everything is checked before any element is read, and the elements are held only while the program's own bind packs
// them: one block, each tensor at a 64-byte boundary (a file aligns them to nothing).
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "program.h"
#include "status.h"
#include "tensor.h"
#include "weights.h"

#include <stdio.h>
#include <string.h>

using namespace batten::runtime;

namespace {

int requireUnbound(const batten_program *program, batten_error *error) {
  if (const int result = requireProgram(program, error))
    return result;
  if (program->bound)
    return BATTEN_REFUSE(error, BATTEN_E_UNBOUND, "%s is bound already; open it again for other weights",
                         program->description->name);
  return 0;
}

/// Opens the file for a program that takes weights: one that has them built in would leave those of the file unread.
int openWeights(batten_safetensors &file, const char *path, const batten_description &description,
                batten_error *error) {
  if (description.placed_weights)
    return BATTEN_REFUSE(error, BATTEN_E_WEIGHTS, "%s has its weights built in and takes none from a file",
                         description.name);
  return openSafetensors(file, path, error);
}

/// What only tensors in memory can get wrong.
void checkMemory(const batten_description &description, int64_t index, const batten_tensor &tensor,
                 ProblemList &problems) {
  const Printable path(description.weights[index].path);
  char what[192];
  batten_error error;
  snprintf(what, sizeof what, "tensor `%s`", path.text());
  if (!requireDenseCpu(&tensor, what, &error))
    return;
  const int32_t kind = BATTEN_CODE(error.result) == BATTEN_E_NULL ? BATTEN_WEIGHT_MISSING : BATTEN_WEIGHT_SHAPE;
  problems.add(kind, index, path.text(), error.message, nullptr);
}

/// Reads the tensors that weights refer to, each once, and binds.
class FileBinder {
public:
  FileBinder(batten_program &program, const batten_safetensors &file, const Array<int64_t> &tensors)
      : program(program), file(file), tensors(tensors) {}
  int bind(batten_error *error);

private:
  int allocateAll(batten_error *error);

  batten_program &program;
  const batten_safetensors &file;
  const Array<int64_t> &tensors; ///< of each weight
  Array<char> elements;
  Array<char *> placeOf;        ///< of each tensor of the file; null where it is not read
  Array<const void *> pointers; ///< of each weight
};

int FileBinder::allocateAll(batten_error *error) {
  bool room = placeOf.create(file.header.count()) && pointers.create(tensors.size());
  int64_t total = 0;
  Array<uint8_t> counted;
  room = room && counted.create(file.header.count());
  for (int64_t i = 0; room && i < tensors.size(); ++i) {
    uint8_t &seen = counted[tensors[i]];
    // Fits: the tensors lie side by side in one file, and rounding adds less than 64 each.
    total += seen ? 0 : alignUp(file.header.bytes(tensors[i]));
    seen = 1;
  }
  if (!room || !elements.createUncleared(total))
    return BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "no memory to read %lld bytes of weights", (long long)total);
  return 0;
}

int FileBinder::bind(batten_error *error) {
  if (const int result = allocateAll(error))
    return result;
  char *next = elements.data();
  for (int64_t i = 0; i < tensors.size(); ++i) {
    const int64_t tensor = tensors[i], bytes = file.header.bytes(tensor);
    if (!placeOf[tensor]) {
      placeOf[tensor] = next;
      next += alignUp(bytes);
      if (const int result = batten_safetensors_read(&file, tensor, placeOf[tensor], bytes, error))
        return result;
    }
    pointers[i] = placeOf[tensor];
  }
  return bindPointers(program, pointers.data(), error);
}

} // namespace

int batten_program_bind(batten_program *program, const batten_tensor *weights, int64_t count,
                        const batten_report *report, batten_error *error) {
  if (const int result = requireUnbound(program, error))
    return result;
  const batten_description &description = *program->description;
  if (count != description.weight_count)
    return BATTEN_REFUSE(error, BATTEN_E_WEIGHTS, "%s has %lld weights, %lld tensors were given", description.name,
                         (long long)description.weight_count, (long long)count);
  if (!weights && count > 0)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "the weights are NULL");
  ProblemList problems(report);
  Array<const void *> pointers;
  if (!pointers.create(count))
    return BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "no memory to bind %lld weights", (long long)count);
  for (int64_t i = 0; i < count; ++i) {
    compareWeight(description, i, Printable(description.weights[i].path).text(), weights[i], problems);
    checkMemory(description, i, weights[i], problems);
    pointers[i] = weights[i].data;
  }
  if (const int result = problems.result(description.name, error))
    return result;
  return bindPointers(*program, pointers.data(), error);
}

int batten_program_bind_file(batten_program *program, const char *path, const batten_report *report,
                             batten_error *error) {
  if (const int result = requireUnbound(program, error))
    return result;
  batten_safetensors file;
  if (const int result = openWeights(file, path, *program->description, error))
    return result;
  ProblemList problems(report);
  Array<int64_t> tensors;
  if (const int result = matchWeights(*program->description, file, problems, tensors, error))
    return result;
  return FileBinder(*program, file, tensors).bind(error);
}

int batten_program_check_file(const batten_program *program, const char *path, const batten_report *report,
                              batten_error *error) {
  if (const int result = requireProgram(program, error))
    return result;
  batten_safetensors file;
  if (const int result = openWeights(file, path, *program->description, error))
    return result;
  ProblemList problems(report);
  Array<int64_t> tensors;
  return matchWeights(*program->description, file, problems, tensors, error);
}
