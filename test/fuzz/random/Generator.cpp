// Generator.cpp - see Generator.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/random/Generator.h"

namespace batten::fuzz {

/// Multiplications and elements of one call of a program, so that the evaluators stay quick.
static constexpr int64_t costLimit = 250000;

//===- Dims -------------------------------------------------------------------------------------------------------===//

void Generator::chooseDims() {
  sketch.runtimeDims.push_back({"B", 0, 5});
  if (random.chance(0.3))
    sketch.runtimeDims.push_back({"N", 0, 3});
  if (random.chance(0.45))
    sketch.runtimeDims.push_back({"T", random.pick({8, 33, 70, 2048}), 4});
  if (sketch.runtimeDims.size() == 3 && random.chance(0.5)) // [B, T, N]
    std::swap(sketch.runtimeDims[1], sketch.runtimeDims[2]);
  // Around the edges of vectors, tiles and panels.
  static const std::vector<int64_t> small = {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13};
  static const std::vector<int64_t> large = {15, 16, 17, 23, 24, 31, 32,  33,  47, 48,
                                             63, 64, 65, 95, 96, 97, 127, 128, 129};
  for (int64_t i = random.between(2, 3); i > 0; --i)
    favourites.push_back(random.chance(0.55) ? random.pick(small) : random.pick(large));
}

/// A static dim of this size, but none of `taken`.
std::string Generator::nameOf(int64_t size, const std::set<std::string> &taken) {
  std::string name = "D" + std::to_string(size);
  for (char suffix = 'a';; ++suffix) {
    bool found = false;
    for (const StaticDim &dim : sketch.staticDims) {
      found |= dim.name == name;
      if (dim.name == name && !taken.count(name))
        return dim.name;
    }
    if (!found)
      break;
    name = "D" + std::to_string(size) + suffix;
  }
  sketch.staticDims.push_back({name, size});
  scope->sizes[name] = size;
  return sketch.staticDims.back().name;
}

/// Sizes of the call: about the edges, where the cost allows.
void Generator::chooseSizes() {
  static const std::vector<int64_t> edges = {1,  2,  3,  5,  6,  7,   8,   9,   11,  12,  13,  15,
                                             16, 17, 23, 24, 25, 31,  32,  33,  47,  48,  49,  63,
                                             64, 65, 95, 96, 97, 128, 192, 255, 256, 257, 300, 513};
  std::vector<RuntimeDim *> dims;
  for (RuntimeDim &dim : sketch.runtimeDims) {
    dim.size = dim.least;
    dims.push_back(&dim);
  }
  random.shuffle(dims);
  for (RuntimeDim *dim : dims) {
    for (int tries = 0; tries < 12; ++tries) {
      dim->size = random.pick(edges);
      bool fits = dim->size >= dim->least && dim->size <= dim->most && dim->size % dim->step == 0 &&
                  (!dim->bound || dim->size <= dim->bound);
      if (fits && sketch.cost() <= costLimit)
        break;
      dim->size = dim->least;
    }
  }
}

/// Code for the size of the call itself, or for another.
void Generator::chooseVersions() {
  if (!random.chance(0.1))
    return;
  const RuntimeDim &dim = random.pick(sketch.runtimeDims);
  sketch.specialized.emplace_back(dim.name, random.chance(0.6) ? std::max<int64_t>(dim.size, 1) : dim.least);
}

//===- Statements -------------------------------------------------------------------------------------------------===//

/// The families of statements, and how often each is drawn.
struct Generator::Family {
  bool (Generator::*make)();
  int weight;
  static const std::vector<Family> all;
};

const std::vector<Generator::Family> Generator::Family::all = {
    {&Generator::unary, 16},         {&Generator::binary, 18},       {&Generator::number, 5},
    {&Generator::comparison, 4},     {&Generator::logic, 3},         {&Generator::selection, 5},
    {&Generator::cast, 5},           {&Generator::product, 16},      {&Generator::linear, 6},
    {&Generator::outer, 3},          {&Generator::transposition, 3}, {&Generator::reduction, 12},
    {&Generator::batchReduction, 4}, {&Generator::softmax, 5},       {&Generator::norm, 6},
    {&Generator::argmax, 4},         {&Generator::topk, 4},          {&Generator::cumsum, 5},
    {&Generator::crossEntropy, 2},   {&Generator::squaredError, 2},  {&Generator::binaryCrossEntropy, 2},
    {&Generator::squaredNorm, 2},    {&Generator::rearrange, 12},    {&Generator::slice, 6},
    {&Generator::split, 3},          {&Generator::concat, 5},        {&Generator::brackets, 3},
    {&Generator::spread, 3},         {&Generator::making, 3},        {&Generator::flatten, 2},
    {&Generator::dimAsNumber, 5},    {&Generator::call, 5},          {&Generator::libraryCall, 5},
    {&Generator::modelCall, 4},      {&Generator::embed, 4},         {&Generator::update, 5},
    {&Generator::rope, 4},           {&Generator::attention, 6},     {&Generator::convolution, 5},
    {&Generator::images, 5},         {&Generator::pool, 3}};

bool Generator::statement() {
  int sum = 0;
  for (const Family &family : Family::all)
    sum += family.weight;
  for (int tries = 0; tries < 8; ++tries) {
    int64_t drawn = random.below(sum);
    auto family = Family::all.begin();
    while (drawn >= family->weight)
      drawn -= (family++)->weight;
    if ((this->*family->make)())
      return true;
  }
  return false;
}

/// Families and dtypes go round with the program's number: chance alone brings few of them together.
void Generator::statementInTurn() {
  constexpr DType dtypes[] = {DType::F64, DType::F32, DType::F16, DType::BF16, DType::I64,
                              DType::I32, DType::I8,  DType::U8,  DType::Bool};
  const Family &family = Family::all[program / std::size(dtypes) % Family::all.size()];
  wish = dtypes[program % std::size(dtypes)];
  turn = program / (std::size(dtypes) * Family::all.size()) * 5;
  DType before = mainType;
  mainType = frontend::isFloat(*wish) ? *wish : mainType;
  for (int64_t rank : {1, 2, 3}) { // something of that dtype must be there
    TensorType type{*wish, {}, {}};
    type.core.resize(size_t(rank), rank == 3 ? Dim::constant(random.pick({1, 3})) : anyCoreDim());
    if ((random.chance(0.5) && sizeOfTheCall(type) >= 0) || rank == 3)
      continue;
    type.batch = {"B"};
    fresh(type);
  }
  for (int tries = 0, made = 0; tries < 9 && made < 3; ++tries)
    made += (this->*family.make)();
  mainType = before;
  wish.reset();
}

/// Values that nothing reads, the latest first.
void Generator::chooseResults() {
  Body &body = sketch.entry.body;
  std::vector<int> loose;
  for (size_t i = body.values.size(); i-- > 0;) {
    bool argument = std::count(body.parameters.begin(), body.parameters.end(), int(i));
    if (!argument && body.values[i].uses == 0)
      loose.push_back(int(i));
  }
  int64_t count = random.pick({1, 1, 2, 2, 3, 4});
  for (int64_t i = 0; i < count && i < int64_t(loose.size()); ++i)
    body.results.push_back(loose[size_t(i)]);
  std::reverse(body.results.begin(), body.results.end());
}

Sketch Generator::make() {
  Scope entry{ScopeKind::Entry, &sketch.entry.body, {}, {}, {}};
  scope = &entry;
  sketch.entry.name = "f";
  chooseDims();
  entry.sizes = sketch.sizes();
  for (const RuntimeDim &dim : sketch.runtimeDims)
    if (dim.bound)
      entry.bounded.insert(dim.name);
  static const std::vector<DType> types = {DType::F32, DType::F32, DType::F32, DType::F32,  DType::F32,
                                           DType::F32, DType::F32, DType::F64, DType::BF16, DType::F16};
  mainType = random.pick(types);
  TensorType first = anyType(mainType);
  if (first.batch.empty() || first.batch[0] != "B")
    first.batch.insert(first.batch.begin(), "B");
  if (first.core.empty())
    first.core.push_back(anyCoreDim());
  fresh(first);
  if (random.chance(0.45))
    fresh(anyType(random.pick(
        {DType::I32, DType::I8, DType::I8, DType::U8, DType::I64, DType::Bool, DType::F64, DType::F16, DType::BF16})));
  for (int64_t wanted = random.between(5, 16); wanted > 0; --wanted)
    statement();
  statementInTurn();
  chooseResults();
  if (sketch.entry.body.results.empty()) // nothing fitted
    sketch.entry.body.results.push_back(emit("-$0", {sketch.entry.body.parameters[0]}, first, {-2, 2}));
  chooseUpdates();
  sketch.prune();
  chooseSizes();
  chooseVersions();
  return std::move(sketch);
}

} // namespace batten::fuzz
