// Types.cpp - dtypes, printing of types, batch broadcast (R5), spelling suggestions; see Types.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Types.h"

#include <algorithm>
#include <cctype>
#include <iterator>

namespace batten::frontend {

namespace {

struct DTypeInfo {
  DType dtype;
  const char *name;
  int64_t bytes;
};

constexpr DTypeInfo dtypes[] = {{DType::F64, "f64", 8},   {DType::F32, "f32", 4}, {DType::F16, "f16", 2},
                                {DType::BF16, "bf16", 2}, {DType::I64, "i64", 8}, {DType::I32, "i32", 4},
                                {DType::I8, "i8", 1},     {DType::U8, "u8", 1},   {DType::Bool, "bool", 1}};

const DTypeInfo &info(DType dtype) {
  return *std::find_if(std::begin(dtypes), std::end(dtypes), [&](const DTypeInfo &d) { return d.dtype == dtype; });
}

} // namespace

const char *dtypeName(DType dtype) { return info(dtype).name; }

bool isFloat(DType dtype) {
  return dtype == DType::F64 || dtype == DType::F32 || dtype == DType::F16 || dtype == DType::BF16;
}

bool isInteger(DType dtype) { return !isFloat(dtype) && dtype != DType::Bool; }

int64_t dtypeBytes(DType dtype) { return info(dtype).bytes; }

IntegerLimits integerLimits(DType dtype) {
  switch (dtype) {
  case DType::I32:
    return {INT32_MIN, INT32_MAX};
  case DType::I8:
    return {INT8_MIN, INT8_MAX};
  case DType::U8:
    return {0, UINT8_MAX};
  default:
    return {INT64_MIN, INT64_MAX};
  }
}

std::optional<DType> dtypeFromName(std::string_view name) {
  for (const DTypeInfo &entry : dtypes)
    if (entry.name == name)
      return entry.dtype;
  return std::nullopt;
}

DType accumulatorOf(DType dtype) {
  switch (dtype) {
  case DType::F16:
  case DType::BF16:
    return DType::F32;
  case DType::I8:
  case DType::U8:
  case DType::Bool:
    return DType::I32;
  default:
    return dtype;
  }
}

//===- Printing ---------------------------------------------------------------------------------------------------===//

std::string joined(const std::vector<std::string> &parts, const char *separator) {
  std::string text;
  for (const std::string &part : parts)
    text += (text.empty() ? "" : separator) + part;
  return text;
}

std::string quotedList(const std::vector<std::string> &names) { return "`" + joined(names, "`, `") + "`"; }

std::string counted(size_t count, const char *one, const char *many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

std::string str(const Dim &dim) {
  // N'2 is another dim of the name N.
  std::string text;
  bool skip = false;
  for (char c : dim.str()) {
    skip = c == '\'' || (skip && c >= '0' && c <= '9');
    if (!skip)
      text += c;
  }
  return text;
}

std::string str(const CoreDim &dim, bool values) {
  std::string value = str(dim.size);
  if (dim.text.empty() || dim.text == value)
    return value;
  return values && dim.size.isConstant() ? dim.text + " = " + value : dim.text;
}

std::string str(const BatchList &batch) {
  std::vector<std::string> names;
  for (const DimEntity *dim : batch)
    names.push_back(dim->name);
  return "[" + joined(names) + "]";
}

static std::string bracket(const BatchList &batch, const std::vector<std::string> &core) {
  std::string left = str(batch), right = joined(core);
  left.pop_back();
  return left + (batch.empty() ? "|" : " |") + (right.empty() ? "" : " ") + right + "]";
}

std::string str(const Type &type, bool values) {
  if (type.tree)
    return type.tree->model + ".params" + (type.batch.empty() ? "" : bracket(type.batch, {}));
  std::vector<std::string> core;
  for (const CoreDim &dim : type.core)
    core.push_back(str(dim, values));
  return dtypeName(type.dtype) + bracket(type.batch, core);
}

std::string TensorType::str() const {
  std::string text = dtypeName(dtype) + ("[" + joined(batch)) + (batch.empty() ? "|" : " |");
  for (size_t i = 0; i < core.size(); ++i)
    text += (i ? ", " : " ") + core[i].str();
  return text + "]";
}

//===- Batch lists ------------------------------------------------------------------------------------------------===//

bool sameShape(const TreeShape *a, const TreeShape *b) {
  if (a == b || !a || !b)
    return a == b;
  return std::equal(
      a->leaves.begin(), a->leaves.end(), b->leaves.begin(), b->leaves.end(), [](const Leaf &x, const Leaf &y) {
        auto sizes = [](const CoreDim &m, const CoreDim &n) { return m.size == n.size; };
        return x.path == y.path && x.type.dtype == y.type.dtype && x.type.batch.size() == y.type.batch.size() &&
               std::equal(x.type.core.begin(), x.type.core.end(), y.type.core.begin(), y.type.core.end(), sizes);
      });
}

bool isSublist(const BatchList &part, const BatchList &whole) {
  size_t found = 0;
  for (const DimEntity *dim : whole)
    if (found < part.size() && part[found] == dim)
      ++found;
  return found == part.size();
}

std::optional<BatchList> combineBatch(const std::vector<BatchList> &lists, size_t *left, size_t *right) {
  if (lists.empty())
    return BatchList();
  auto shorter = [](const BatchList &a, const BatchList &b) { return a.size() < b.size(); };
  auto longest = std::max_element(lists.begin(), lists.end(), shorter);
  for (auto list = lists.begin(); list != lists.end(); ++list) {
    if (isSublist(*list, *longest))
      continue;
    size_t a = size_t(list - lists.begin()), b = size_t(longest - lists.begin());
    if (left)
      *left = std::min(a, b);
    if (right)
      *right = std::max(a, b);
    return std::nullopt;
  }
  return *longest;
}

//===- Suggestions ------------------------------------------------------------------------------------------------===//

unsigned editDistance(std::string_view a, std::string_view b, unsigned limit) {
  size_t difference = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  if (difference > limit)
    return limit + 1;
  auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  std::vector<unsigned> before, last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    last[j] = unsigned(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = unsigned(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = last;
    last = row;
  }
  return std::min(last[b.size()], limit + 1);
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string> &candidates) {
  unsigned limit = std::max<unsigned>(1, unsigned(word.size()) / 3), best = limit + 1;
  std::optional<std::string> found;
  for (const std::string &candidate : candidates) {
    unsigned distance = editDistance(word, candidate, limit);
    // A word of one letter is not like every other one.
    if (distance < best && distance < std::max(word.size(), candidate.size())) {
      best = distance;
      found = candidate;
    }
  }
  return found;
}

} // namespace batten::frontend
