// DescribedProgram.cpp - see DescribedProgram.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/DescribedProgram.h"
#include <algorithm>
#include <cstring>

namespace batten {
namespace {

frontend::DType dtypeOf(batten_dtype dtype) {
  using frontend::DType;
  constexpr std::pair<batten_dtype, DType> known[] = {
      {BATTEN_F64, DType::F64},   {BATTEN_F32, DType::F32}, {BATTEN_F16, DType::F16},
      {BATTEN_BF16, DType::BF16}, {BATTEN_I64, DType::I64}, {BATTEN_I32, DType::I32},
      {BATTEN_I8, DType::I8},     {BATTEN_U8, DType::U8},   {BATTEN_BOOL, DType::Bool}};
  return std::find_if(std::begin(known), std::end(known), [&](const auto &pair) { return pair.first == dtype; })
      ->second;
}

/// A static dim left of the bar is described by its number; here it is a symbol of that name.
frontend::TensorType typeOf(const batten_argument &argument, std::vector<frontend::Symbol> &symbols) {
  frontend::TensorType type{dtypeOf(argument.dtype), {}, {}};
  for (int32_t i = 0; i < argument.rank; ++i) {
    Dim dim = dimOf(argument.dims[i]);
    if (i >= argument.batch_rank) {
      type.core.push_back(dim);
      continue;
    }
    std::string name = dim.str();
    bool isKnown = std::any_of(symbols.begin(), symbols.end(), [&](const auto &symbol) { return symbol.name == name; });
    if (!isKnown)
      symbols.push_back({name, frontend::Symbol::Static, dim.constantValue().value_or(0)});
    type.batch.push_back(name);
  }
  return type;
}

/// A leaf of a parameter tree is described as `p.mlp.up`.
void addArgument(frontend::Function &function, const batten_argument &described) {
  frontend::TensorType type = typeOf(described, function.symbols);
  int value = int(function.values.size());
  function.values.push_back(type);
  if (described.kind == BATTEN_RESULT) {
    function.results.push_back(value);
    return;
  }
  frontend::Argument argument;
  argument.name = described.name;
  if (size_t point = argument.name.find('.'); point != std::string::npos) {
    argument.path = argument.name.substr(point + 1);
    argument.tree = "params";
    argument.name.resize(point);
  }
  argument.type = type;
  argument.inout = described.kind == BATTEN_INOUT;
  argument.value = value;
  function.arguments.push_back(std::move(argument));
}

frontend::Weight weightOf(const batten_weight &described) {
  frontend::Weight weight;
  weight.path = described.path;
  weight.from = described.from;
  weight.type.dtype = dtypeOf(described.dtype);
  for (int32_t i = 0; i < described.rank; ++i)
    weight.type.core.push_back(Dim::constant(described.shape[i]));
  return weight;
}

void addWeights(frontend::Function &function, const batten_description &description) {
  for (int64_t i = 0; i < description.weight_count; ++i) {
    const batten_weight &described = description.weights[i];
    const char *const *end = described.used_by + described.used_by_count;
    if (std::none_of(described.used_by, end, [&](const char *name) { return function.name == name; }))
      continue;
    frontend::Weight weight = weightOf(described);
    frontend::Argument argument;
    argument.name = argument.path = weight.path;
    argument.from = weight.from;
    argument.type = weight.type;
    argument.weight = true;
    argument.value = int(function.values.size());
    function.values.push_back(weight.type);
    function.arguments.push_back(std::move(argument));
  }
}

frontend::Function functionOf(const batten_entry &entry, const batten_description &description) {
  static const char *const relations[] = {"==", "!=", "<", "<=", ">", ">="};
  frontend::Function function;
  function.name = entry.name;
  function.cName = entry.c_symbol;
  function.signature = entry.signature;
  function.symbols = symbolsOf(entry);
  for (int64_t i = 0; i < entry.argument_count; ++i)
    addArgument(function, entry.arguments[i]);
  addWeights(function, description);
  for (int64_t i = 0; i < entry.guard_count; ++i)
    function.guards.push_back(
        {dimOf(entry.guards[i].lhs), dimOf(entry.guards[i].rhs), relations[entry.guards[i].relation], {}});
  for (int64_t i = 0; i < entry.id_range_count; ++i) // functionOf takes the arguments in their order
    function.idRanges.push_back(
        {size_t(entry.id_ranges[i].argument), entry.id_ranges[i].least, dimOf(entry.id_ranges[i].end)});
  return function;
}

} // namespace

Dim dimOf(const batten_formula &formula) { return Dim::parse(formula.text).value_or(Dim::overflow()); }

std::vector<frontend::Symbol> symbolsOf(const batten_entry &entry) {
  std::vector<frontend::Symbol> symbols;
  for (int64_t i = 0; i < entry.symbol_count; ++i)
    symbols.push_back({entry.symbols[i].name,
                       entry.symbols[i].bound ? frontend::Symbol::Bounded : frontend::Symbol::Unbounded,
                       entry.symbols[i].bound});
  return symbols;
}

frontend::Program programOf(const batten_description &description) {
  frontend::Program program;
  program.name = description.name;
  for (int64_t i = 0; i < description.weight_count; ++i)
    program.weights.push_back(weightOf(description.weights[i]));
  for (int64_t i = 0; i < description.entry_count; ++i)
    program.functions.push_back(functionOf(description.entries[i], description));
  return program;
}

} // namespace batten
