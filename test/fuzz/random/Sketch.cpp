// Sketch.cpp - see Sketch.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/random/Sketch.h"

namespace batten::fuzz {

//===- Text -------------------------------------------------------------------------------------------------------===//

namespace {

std::string joined(const std::vector<std::string> &parts, const char *separator = ", ") {
  std::string text;
  for (const std::string &part : parts)
    text += (text.empty() ? "" : separator) + part;
  return text;
}

/// Prints the statements of one body.
class BodyPrinter {
public:
  BodyPrinter(const Sketch &sketch, const Body &body) : sketch(sketch), body(body) {
    for (size_t i = 0; i < body.statements.size(); ++i)
      for (int result : body.statements[i].results)
        makers[result] = i;
  }

  /// " = expression" or a block.
  std::string print(const std::string &indent) {
    std::string lines;
    for (const Statement &statement : body.statements)
      if (!isInlined(statement))
        lines += indent + "  " + line(statement) + "\n";
    for (auto [parameter, value] : body.updates)
      lines += indent + "  " + body.values[size_t(parameter)].name + " = " + body.values[size_t(value)].name + "\n";
    std::vector<std::string> results;
    for (int result : body.results)
      results.push_back(reference(result, /*outermost=*/true));
    if (lines.empty() && results.size() == 1)
      return " = " + results[0] + "\n";
    return " {\n" + lines + indent + "  return " + joined(results) + "\n" + indent + "}\n";
  }

private:
  const Sketch &sketch;
  const Body &body;
  std::map<int, size_t> makers;

  /// What is updated may not be read any more where a result is printed.
  bool isInlined(const Statement &statement) const {
    if (!statement.inlined || statement.results.size() != 1 || !body.updates.empty())
      return false;
    int result = statement.results[0], uses = 0;
    for (const Statement &user : body.statements)
      uses += int(std::count(user.operands.begin(), user.operands.end(), result));
    // `$0 * $0` names its operand twice.
    for (const Statement &user : body.statements)
      for (size_t i = 0; i < user.operands.size(); ++i) {
        std::string mark = "$" + std::to_string(i);
        if (user.operands[i] == result && user.text.find(mark) != user.text.rfind(mark))
          return false;
      }
    uses += int(std::count(body.results.begin(), body.results.end(), result));
    return uses == 1;
  }

  std::string reference(int value, bool outermost) const {
    auto maker = makers.find(value);
    if (maker == makers.end() || !isInlined(body.statements[maker->second]))
      return body.values[size_t(value)].name;
    std::string text = expression(body.statements[maker->second]);
    return outermost ? text : "(" + text + ")";
  }

  std::string expression(const Statement &statement) const {
    std::string text;
    for (size_t i = 0; i < statement.text.size(); ++i)
      if (statement.text[i] == '$')
        text += reference(statement.operands[size_t(statement.text[++i] - '0')], false);
      else
        text += statement.text[i];
    return text;
  }

  std::string line(const Statement &statement) const {
    std::vector<std::string> names;
    for (int result : statement.results)
      names.push_back(body.values[size_t(result)].name);
    std::string left = names.size() == 1 ? names[0] : "(" + joined(names) + ")";
    if (statement.annotated && names.size() == 1)
      left += ": " + sketch.typeText(body.values[size_t(statement.results[0])].type);
    return "let " + left + " = " + expression(statement);
  }
};

/// " where 4 <= T"
std::string conditions(const Sketch &sketch, const Item &item) {
  std::vector<std::string> texts = item.conditions;
  std::set<std::string> known = sketch.dimsOfEntry();
  for (const Statement &statement : sketch.entry.body.statements)
    for (int result : statement.results)
      for (const Dim &dim : sketch.entry.body.values[size_t(result)].type.core)
        known.merge(dim.symbols());
  for (const RuntimeDim &dim : sketch.runtimeDims)
    if (&item == &sketch.entry && dim.stated && known.count(dim.name))
      texts.push_back(std::to_string(dim.stated) + " <= " + dim.name);
  return texts.empty() ? "" : " where " + joined(texts);
}

std::string signature(const Sketch &sketch, const Item &item) {
  std::vector<std::string> parameters, results;
  for (int parameter : item.body.parameters) {
    const Value &value = item.body.values[size_t(parameter)];
    bool isUpdated = std::any_of(item.body.updates.begin(), item.body.updates.end(),
                                 [&](const auto &update) { return update.first == parameter; });
    parameters.push_back((isUpdated ? "inout " : "") + value.name + ": " + sketch.typeText(value.type));
  }
  for (int result : item.body.results)
    results.push_back(sketch.typeText(item.body.values[size_t(result)].type));
  if (&item == &sketch.entry)
    for (const Item &called : sketch.items)
      if (!called.tree.empty())
        parameters.push_back(called.tree);
  std::string generics = item.generics.empty() ? "" : "<" + joined(item.generics) + ">";
  return "fn " + (item.model ? "apply" : item.name) + generics + "(" + joined(parameters) + ") -> " +
         (results.size() == 1 ? results[0] : "(" + joined(results) + ")") + conditions(sketch, item);
}

std::string itemText(const Sketch &sketch, const Item &item) {
  if (!item.literal.empty())
    return item.literal;
  if (!item.model)
    return signature(sketch, item) + BodyPrinter(sketch, item.body).print("");
  std::string text = "model " + item.name + " {\n";
  for (int weight : item.body.weights) {
    const Value &value = item.body.values[size_t(weight)];
    text += "  param " + value.name + ": " + sketch.typeText(value.type) + "\n";
  }
  return text + "  " + signature(sketch, item) + BodyPrinter(sketch, item.body).print("  ") + "}\n";
}

} // namespace

std::string Sketch::typeText(const TensorType &type) const {
  std::string text = frontend::dtypeName(type.dtype);
  if (type.batch.empty() && type.core.empty())
    return text;
  std::vector<std::string> core;
  for (const Dim &dim : type.core) {
    core.push_back(dim.str());
    for (auto named = staticDims.rbegin(); named != staticDims.rend(); ++named)
      if (dim.isConstant(named->size))
        core.back() = named->name;
  }
  std::string batch = joined(type.batch);
  return text + "[" + batch + (batch.empty() ? "|" : " |") + (core.empty() ? "" : " ") + joined(core) + "]";
}

std::string Sketch::source() const {
  std::vector<std::string> dims;
  for (const RuntimeDim &dim : runtimeDims)
    dims.push_back(dim.name + (dim.bound ? " <= " + std::to_string(dim.bound) : ""));
  for (const StaticDim &dim : staticDims)
    dims.push_back(dim.name + " = " + std::to_string(dim.size));
  std::string text = "dim " + joined(dims) + "\n";
  for (const Item &item : items)
    text += itemText(*this, item);
  std::set<std::string> known = dimsOfEntry();
  for (const auto &[dim, size] : specialized)
    if (known.count(dim))
      text += "#[specialize(" + dim + " = " + std::to_string(size) + ")]\n";
  return text + "pub " + itemText(*this, entry);
}

std::set<std::string> Sketch::dimsOfEntry() const {
  std::set<std::string> names;
  for (int parameter : entry.body.parameters) {
    const TensorType &type = entry.body.values[size_t(parameter)].type;
    names.insert(type.batch.begin(), type.batch.end());
    for (const Dim &dim : type.core)
      names.merge(dim.symbols());
  }
  return names;
}

std::map<std::string, int64_t> Sketch::sizes() const {
  std::map<std::string, int64_t> sizes;
  for (const RuntimeDim &dim : runtimeDims)
    sizes[dim.name] = dim.size;
  for (const StaticDim &dim : staticDims)
    sizes[dim.name] = dim.size;
  return sizes;
}

int64_t Sketch::cost() const {
  std::map<std::string, int64_t> at = sizes();
  int64_t sum = 0;
  for (const Statement &statement : entry.body.statements)
    sum += statement.cost.evaluate(at).value_or(INT64_MAX / 1024);
  for (int parameter : entry.body.parameters) {
    const TensorType &type = entry.body.values[size_t(parameter)].type;
    Dim elements = Dim::constant(1);
    for (const std::string &batch : type.batch)
      elements = elements * Dim::symbol(batch);
    for (const Dim &dim : type.core)
      elements = elements * dim;
    sum += elements.evaluate(at).value_or(INT64_MAX / 1024);
  }
  return sum;
}

std::vector<std::string> Sketch::features() const {
  std::vector<std::string> all;
  auto collect = [&](const Body &body) {
    for (const Statement &statement : body.statements)
      all.insert(all.end(), statement.features.begin(), statement.features.end());
  };
  for (const Item &item : items)
    collect(item.body);
  collect(entry.body);
  for (const Item &item : items)
    if (!item.tree.empty())
      all.push_back("a parameter tree");
  if (!specialized.empty())
    all.push_back("versions for a size");
  if (!entry.body.updates.empty())
    all.push_back(entry.body.updates.size() == 1 ? "an inout" : "several inouts");
  return all;
}

//===- Leaving out ------------------------------------------------------------------------------------------------===//

static void pruneStatements(Body &body) {
  std::set<int> needed(body.results.begin(), body.results.end());
  for (auto [parameter, value] : body.updates)
    needed.insert(value);
  std::vector<Statement> kept;
  for (size_t i = body.statements.size(); i-- > 0;) {
    Statement &statement = body.statements[i];
    bool wanted = false;
    for (int result : statement.results)
      wanted |= needed.count(result) != 0;
    if (!wanted)
      continue;
    needed.insert(statement.operands.begin(), statement.operands.end());
    kept.insert(kept.begin(), std::move(statement));
  }
  body.statements = std::move(kept);
  auto unneeded = [&](int value) { return !needed.count(value); };
  std::erase_if(body.weights, unneeded);
}

void Sketch::prune() {
  std::set<std::string> called;
  auto collect = [&](Body &body) {
    pruneStatements(body);
    for (const Statement &statement : body.statements)
      called.insert(statement.calls.begin(), statement.calls.end());
  };
  collect(entry.body);
  std::set<int> read(entry.body.results.begin(), entry.body.results.end());
  for (auto [parameter, value] : entry.body.updates)
    read.insert({parameter, value});
  for (const Statement &statement : entry.body.statements)
    read.insert(statement.operands.begin(), statement.operands.end());
  std::erase_if(entry.body.parameters, [&](int parameter) { return !read.count(parameter); });
  for (size_t i = items.size(); i-- > 0;) {
    if (called.count(items[i].name))
      collect(items[i].body);
    else
      items.erase(items.begin() + int64_t(i));
  }
}

} // namespace batten::fuzz
