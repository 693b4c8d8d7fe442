// weights.cpp - strict matching: every weight found, equal dtype, equal shape; nothing is guessed.
//
// All problems of a file are told in one go, because whoever converts a checkpoint wants the list, not the first line.
// Suggestions come only from tensors that no weight claims, and the search is bounded whatever the file: so many
// missing weights, so many candidates, so long names.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "weights.h"

#include "nearest.h"
#include "status.h"
#include "tensor.h"

#include <stdio.h>
#include <string.h>

namespace batten::runtime {

namespace {

constexpr int64_t maximumSearches = 16, maximumCandidates = 4096;

void addType(Sentence &sentence, batten_dtype dtype, int32_t rank, const int64_t *shape) {
  sentence.add("%s ", batten_dtype_name(dtype));
  sentence.addShape(rank, shape);
}

bool isTranspose(const batten_weight &weight, const batten_tensor &found) {
  return weight.rank == 2 && found.rank == 2 && weight.shape[0] == found.sizes[1] && weight.shape[1] == found.sizes[0];
}

/// Reports a weight that the file lacks, with the two unclaimed tensors of the nearest names.
void reportMissing(const batten_description &description, int64_t index, const batten_safetensors &file,
                   const Array<uint8_t> &claimed, bool search, ProblemList &problems) {
  const batten_weight &weight = description.weights[index];
  const Printable name(weight.from);
  char messageText[480], helpText[640];
  Sentence message(messageText, sizeof messageText), help(helpText, sizeof helpText);
  message.add("`%s` has no tensor `%s`, ", file.input.name(), name.text());
  addType(message, weight.dtype, weight.rank, weight.shape);
  message.add(" expected");
  Nearest nearest(weight.from);
  batten_tensor shape;
  for (int64_t i = 0, offered = 0; search && i < file.header.count() && offered < maximumCandidates; ++i) {
    if (claimed[i])
      continue;
    file.header.shape(i, shape);
    nearest.offer(i, file.header.name(i), sameShape(weight.rank, weight.shape, shape.rank, shape.sizes));
    ++offered;
  }
  for (int i = 0; i < nearest.count(); ++i) {
    file.header.shape(nearest.candidate(i), shape);
    help.add("%s`%s` ",
             i ? ", " : "nearest names in the file: ", Printable(file.header.name(nearest.candidate(i))).text());
    addType(help, shape.dtype, shape.rank, shape.sizes);
  }
  problems.add(BATTEN_WEIGHT_MISSING, index, name.text(), message.text(), nearest.count() ? help.text() : nullptr);
}

void reportUnused(const batten_safetensors &file, const Array<uint8_t> &claimed, ProblemList &problems) {
  for (int64_t i = 0; i < file.header.count() && problems.wantsHelp(); ++i) {
    if (claimed[i])
      continue;
    const Printable name(file.header.name(i));
    char text[480];
    batten_tensor shape;
    Sentence message(text, sizeof text);
    file.header.shape(i, shape);
    message.add("tensor `%s` ", name.text());
    addType(message, shape.dtype, shape.rank, shape.sizes);
    message.add(" is not read by the program");
    problems.add(BATTEN_WEIGHT_UNUSED, -1, name.text(), message.text(), nullptr);
  }
}

} // namespace

void ProblemList::add(int32_t kind, int64_t weight, const char *tensor, const char *message, const char *help) {
  if (kind != BATTEN_WEIGHT_UNUSED && errors++ == 0)
    snprintf(first, sizeof first, "%s", message);
  if (!report || !report->problem)
    return;
  const batten_problem problem{kind, weight, tensor, message, help};
  report->problem(report->context, &problem);
}

int ProblemList::result(const char *origin, batten_error *error) const {
  if (errors == 0)
    return 0;
  if (errors == 1)
    return BATTEN_REFUSE(error, BATTEN_E_WEIGHTS, "%s", first);
  return BATTEN_REFUSE(error, BATTEN_E_WEIGHTS, "%lld problems with %s; the first: %s", (long long)errors, origin,
                       first);
}

void compareWeight(const batten_description &description, int64_t index, const char *name, const batten_tensor &found,
                   ProblemList &problems) {
  const batten_weight &weight = description.weights[index];
  char text[640];
  if (found.dtype != weight.dtype) {
    Sentence message(text, sizeof text);
    message.add("tensor `%s` has dtype %s, the program says %s", name, batten_dtype_name(found.dtype),
                batten_dtype_name(weight.dtype));
    problems.add(BATTEN_WEIGHT_DTYPE, index, name, message.text(), nullptr);
  }
  if (sameShape(weight.rank, weight.shape, found.rank, found.sizes))
    return;
  Sentence message(text, sizeof text);
  message.add("tensor `%s` has shape ", name);
  message.addShape(found.rank, found.sizes);
  message.add(", the program says ");
  message.addShape(weight.rank, weight.shape);
  problems.add(BATTEN_WEIGHT_SHAPE, index, name, message.text(),
               isTranspose(weight, found)
                   ? "the sizes match after a transpose: PyTorch stores Linear weights as [Out, In]"
                   : nullptr);
}

int matchWeights(const batten_description &description, const batten_safetensors &file, ProblemList &problems,
                 Array<int64_t> &outTensors, batten_error *error) {
  Array<uint8_t> claimed;
  if (!outTensors.create(description.weight_count) || !claimed.create(file.header.count()))
    return BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "no memory to match %lld weights",
                         (long long)description.weight_count);
  for (int64_t i = 0; i < description.weight_count; ++i) {
    outTensors[i] = file.header.find(description.weights[i].from);
    if (outTensors[i] >= 0)
      claimed[outTensors[i]] = 1;
  }
  int64_t searches = 0;
  for (int64_t i = 0; i < description.weight_count; ++i) {
    if (outTensors[i] < 0) {
      reportMissing(description, i, file, claimed, problems.wantsHelp() && searches++ < maximumSearches, problems);
      continue;
    }
    batten_tensor found;
    file.header.shape(outTensors[i], found);
    compareWeight(description, i, Printable(description.weights[i].from).text(), found, problems);
  }
  reportUnused(file, claimed, problems);
  return problems.result(file.input.name(), error);
}

} // namespace batten::runtime
