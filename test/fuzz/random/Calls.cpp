// Calls.cpp - functions and models of the generator: declared for one sample, called on batches (R4).
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/random/Generator.h"

namespace batten::fuzz {

//===- Grown functions --------------------------------------------------------------------------------------------===//

/// A function or model under way, with what its generics and batch dims are at the call.
struct Generator::Callee {
  Item item;
  Scope scope;
  std::vector<int> arguments;                 ///< values of the caller
  Batch loops;                                ///< R4: what the parameters do not speak of
  std::map<std::string, std::string> batch;   ///< batch dim of the callee -> of the caller
  std::map<std::string, Dim> core;            ///< generic core dim -> its size at the call
  std::map<std::string, std::string> generic; ///< what stands at the call -> generic
};

/// Chooses arguments, and for each which of its batch dims the parameter speaks of and which sizes are generic.
bool Generator::bindArguments(Callee &callee) {
  bool generics = !callee.item.model;
  std::vector<Batch> outer;
  for (int64_t count = random.pick({1, 1, 2, 2, 3}); count > 0; --count) {
    int argument =
        pick([&](const Value &value) { return !std::count(callee.arguments.begin(), callee.arguments.end(), -1); });
    if (argument < 0)
      return false;
    TensorType type = at(argument).type;
    size_t kept = random.chance(0.3) ? size_t(random.below(int64_t(type.batch.size()) + 1)) : 0;
    outer.push_back({type.batch.begin(), type.batch.end() - int64_t(kept)});
    Batch inner(type.batch.end() - int64_t(kept), type.batch.end());
    for (std::string &dim : inner) {
      std::string actual = dim;
      // A dim that an earlier parameter speaks of must be spelt as there.
      auto known = callee.generic.find(actual);
      if (known != callee.generic.end())
        dim = known->second;
      else if (generics && actual[0] != 'D' && random.chance(0.6))
        callee.generic[actual] = dim = freshName("G");
      else
        callee.generic[actual] = dim;
      callee.batch[dim] = actual;
      callee.scope.sizes[dim] = scope->sizes.at(actual);
      if (scope->bounded.count(actual))
        callee.scope.bounded.insert(dim);
    }
    for (Dim &dim : type.core) {
      std::string key = dim.str();
      bool ours = key.find('G') != std::string::npos; // a generic of the caller, which the callee can't name
      if (ours ? !generics : !generics || (!callee.generic.count(key) && random.chance(0.4)))
        continue;
      std::string &name = callee.generic[key];
      if (name.empty())
        name = freshName("G");
      if (name[0] != 'G') // a batch dim of that name: spelt as it is
        continue;
      callee.core[name] = dim;
      callee.scope.sizes[name] = sizeOf(dim);
      dim = Dim::symbol(name);
    }
    type.batch = inner;
    callee.arguments.push_back(argument);
    callee.item.body.parameters.push_back(int(callee.item.body.values.size()));
    // "#i" in `mixed` stands for whatever argument i has mixed.
    std::string mark = "#" + std::to_string(callee.arguments.size() - 1);
    callee.item.body.values.push_back({freshName("p"), type, at(argument).range, {mark}, 0});
  }
  for (const Batch &dims : outer)
    if (dims.size() > callee.loops.size())
      callee.loops = dims;
  for (const Batch &dims : outer) {
    size_t next = 0;
    for (const std::string &dim : callee.loops)
      next += next < dims.size() && dims[next] == dim;
    if (next != dims.size())
      return false;
  }
  for (const std::string &dim : callee.loops) // its results would have the dim twice, unless it reduces its own
    for (const auto &[name, actual] : callee.batch)
      if (dim == actual)
        return false;
  for (const auto &[name, size] : callee.scope.sizes)
    if (name[0] == 'G')
      callee.item.generics.push_back(name);
  return true;
}

/// What holds of the generics of this call.
void Generator::stateConditions(Callee &callee) {
  for (const auto &[name, dim] : callee.core) {
    std::optional<int64_t> size = dim.constantValue();
    if (!size || !random.chance(0.3))
      continue;
    std::string n = std::to_string(*size);
    callee.item.conditions.push_back(random.pick<std::string>(
        {name + " == " + n, name + " <= " + n, name + " > " + std::to_string(*size - 1), n + " % " + name + " == 0",
         "2 * " + name + " != " + n, name + " * " + name + " >= " + name}));
  }
}

bool Generator::growBody(Callee &callee) {
  Scope *caller = scope;
  for (const StaticDim &dim : sketch.staticDims)
    callee.scope.sizes[dim.name] = dim.size;
  for (const auto &[name, size] : caller->sizes)
    callee.scope.sizes.try_emplace(name, size);
  callee.scope.body = &callee.item.body;
  scope = &callee.scope;
  ++functionDepth;
  for (int64_t wanted = random.between(1, 5); wanted > 0; --wanted)
    statement();
  --functionDepth;
  scope = caller;
  for (const StaticDim &dim : sketch.staticDims)
    scope->sizes[dim.name] = dim.size;
  Body &body = callee.item.body;
  for (size_t i = body.values.size(); i-- > 0 && body.results.size() < 2;) {
    bool made = !std::count(body.parameters.begin(), body.parameters.end(), int(i)) &&
                !std::count(body.weights.begin(), body.weights.end(), int(i));
    if (made && body.values[i].uses == 0 && (body.results.empty() || random.chance(0.2)))
      body.results.push_back(int(i));
  }
  return !body.results.empty();
}

bool Generator::emitCall(Callee &callee) {
  const Body &body = callee.item.body;
  std::vector<TensorType> types;
  std::map<std::string, Dim> substitution = callee.core;
  for (const auto &[name, actual] : callee.batch)
    substitution.try_emplace(name, Dim::symbol(actual));
  for (const StaticDim &dim : sketch.staticDims)
    substitution[dim.name] = Dim::constant(dim.size);
  for (int result : body.results) {
    TensorType type = body.values[size_t(result)].type;
    Batch batch = callee.loops;
    for (const std::string &dim : type.batch)
      batch.push_back(callee.batch.count(dim) ? callee.batch.at(dim) : dim);
    type.batch = batch;
    for (Dim &dim : type.core)
      dim = dim.substitute(substitution);
    if (!fits(type) || elements(type) > 60000)
      return false;
    types.push_back(type);
  }
  Dim cost;
  for (const Statement &statement : body.statements)
    cost = cost + statement.cost.substitute(substitution);
  for (const std::string &dim : callee.loops)
    cost = cost * Dim::symbol(dim);
  std::string text = callee.item.name + "(";
  for (size_t i = 0; i < callee.arguments.size(); ++i)
    text += (i ? ", $" : "$") + std::to_string(i);
  if (callee.item.model && !body.weights.empty() && random.chance(0.35)) {
    std::string tree = freshName("t");
    text += "; " + tree;
    callee.item.tree = tree + ": " + callee.item.name + ".params";
  }
  std::vector<std::string> features = {callee.item.model ? "R4 model" : "R4 function",
                                       "R4 " + std::to_string(callee.loops.size()) + " loop dims"};
  if (!callee.batch.empty())
    features.push_back("R4 the parameter speaks of a batch dim");
  if (!callee.item.conditions.empty())
    features.push_back("a where of a function");
  for (int argument : callee.arguments)
    if (at(argument).type.batch.size() < callee.loops.size())
      features.push_back("R4 arguments with different loop dims");
  Interval range{INFINITY, -INFINITY};
  for (int result : body.results) {
    range.low = std::min(range.low, body.values[size_t(result)].range.low);
    range.high = std::max(range.high, body.values[size_t(result)].range.high);
  }
  std::vector<int> made = emitMany(text + ")", callee.arguments, types, range, cost, features);
  for (size_t i = 0; i < made.size(); ++i) {
    std::set<std::string> &mixed = scope->body->values[size_t(made[i])].mixed;
    mixed.clear();
    for (const std::string &dim : body.values[size_t(body.results[i])].mixed)
      if (dim[0] == '#')
        mixed.insert(at(callee.arguments[size_t(dim[1] - '0')]).mixed.begin(),
                     at(callee.arguments[size_t(dim[1] - '0')]).mixed.end());
      else
        mixed.insert(callee.batch.count(dim) ? callee.batch.at(dim) : dim);
  }
  scope->body->statements.back().calls = {callee.item.name};
  sketch.items.push_back(std::move(callee.item));
  for (int result : made)
    moderate(result);
  return true;
}

bool Generator::makeCall(bool model) {
  if (functionDepth >= 2 || (model && scope->kind != ScopeKind::Entry))
    return false;
  Callee callee;
  callee.item.name = freshName(model ? "Model" : "fn");
  callee.item.model = model;
  callee.scope.kind = model ? ScopeKind::Model : ScopeKind::Function;
  if (!bindArguments(callee) || !growBody(callee))
    return false;
  stateConditions(callee);
  return emitCall(callee);
}

bool Generator::call() { return makeCall(false); }
bool Generator::modelCall() { return makeCall(true); }

//===- Written functions ------------------------------------------------------------------------------------------===//

namespace {

/// A function of `f32[| N]` (or with N batch dims) that random growth would hardly find. `@` stands for its number.
struct Library {
  const char *feature;
  const char *text; ///< the items
  const char *call; ///< on $0
  double bound;     ///< of the result, per bound of the operand; 0: at most 12
  const char *tree = "";
};

const Library vectorFunctions[] = {
    {"layer norm in the language",
     "fn lib@<N>(x: f32[| N]) -> f32[| N] {\n  let c = x - mean(x)\n  return c * rsqrt(mean(c * c) + 1e-5)\n}\n",
     "lib@($0)", 0},
    {"for and var",
     "fn lib@<N>(x: f32[| N]) -> f32[| N] {\n  var a = x\n  for i in 0..3 {\n    a = a * 0.5 + x * (i + 1)\n  }\n  "
     "return a\n}\n",
     "lib@($0)", 8},
    {"functions that call functions",
     "fn norm@<N>(x: f32[| N]) -> f32 = sqrt(sum(x * x) + 0.01)\nfn lib@<N>(x: f32[| N]) -> f32[| N] = x / (1.0 + "
     "norm@(x))\n",
     "lib@($0)", 0},
    {"a sub array chains its blocks",
     "model Block@<D> {\n  param w: f32[| D, D]\n  param b: f32[| D]\n  fn apply(x: f32[| D]) -> f32[| D] = "
     "tanh(linear(x, w, b)) "
     "+ x\n}\nmodel Chain@<D> {\n  sub blocks[2]: Block@<D>\n  sub last: Block@<D> from \"tail\"\n  fn apply(x: f32[| "
     "D]) -> "
     "f32[| D] = last(blocks(x))\n}\nsub lib@: Chain@<%>\n",
     "lib@($0)", 6},
    {"a generic model",
     "model Gate@<D, F> {\n  param up: f32[| D, F]\n  param down: f32[| F, D] from \"gate.down\"\n  fn apply(x: f32[| "
     "D]) -> "
     "f32[| D] = sigmoid(silu(x @ up) @ down) * x\n}\nsub lib@: Gate@<%, 19>\n",
     "lib@($0)", 2},
    {"a tree of sub models and arrays",
     "model Leaf@{\n  param w: f32[| %, %]\n  param b: f32[| %]\n  fn apply(x: f32[| %]) -> f32[| %] = tanh(linear(x, "
     "w, b)) + x\n}\nmodel lib@{\n  param scale: f32\n  sub blocks[2]: Leaf@\n  sub last: Leaf@\n  fn apply(x: "
     "f32[| %]) -> f32[| %] = last(blocks(x)) * scale\n}\n",
     "lib@($0; t@)", 8, "t@: lib@.params"},
};

std::string filled(std::string text, const std::string &number, const std::string &size) {
  std::string result;
  for (char c : text)
    result += c == '@' ? number : c == '%' ? size : std::string(1, c);
  return result;
}

} // namespace

/// A function that is called on each position's vector.
bool Generator::libraryCall() {
  int x = pick([](const Value &value) {
    return value.type.dtype == DType::F32 && value.type.core.size() == 1 && value.type.core[0].isConstant();
  });
  if (x < 0 || scope->kind != ScopeKind::Entry)
    return false;
  const Library &library = vectorFunctions[random.below(std::size(vectorFunctions))];
  TensorType type = at(x).type;
  int64_t n = *type.core[0].constantValue();
  if (elements(type) * n * 3 > 100000)
    return false;
  std::string number = std::to_string(names++);
  std::string name = "lib" + number;
  // `@` is also the product: in these texts it only stands between spaces.
  std::string text;
  for (const char *at = library.text; *at; ++at)
    text += at[0] == '@' && at[1] == ' ' ? std::string("\1") : std::string(1, *at);
  text = filled(text, number, std::to_string(n));
  std::replace(text.begin(), text.end(), '\1', '@');
  Item item;
  item.name = name;
  item.literal = text;
  item.tree = filled(library.tree, number, "");
  sketch.items.push_back(item);
  double bound = library.bound ? library.bound * at(x).range.magnitude() + 6 : 12;
  int made = emit(filled(library.call, number, ""), {x}, type, {-bound, bound}, elementsOf(type) * Dim::constant(4 * n),
                  {library.feature, "R4 " + std::to_string(type.batch.size()) + " loop dims"});
  scope->body->statements.back().calls = {name};
  moderate(made);
  return true;
}

} // namespace batten::fuzz
