// ReadEntry.cpp - one entry of a program: its arguments, formulas and checks, from the plans of its versions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/ReadEntry.h"
#include "compiler/codegen/CNames.h"
#include "compiler/codegen/Formula.h"
#include "dialect/IndexChecks.h"

using namespace mlir;

namespace batten {

static std::vector<std::string> toStrings(ArrayAttr array) {
  std::vector<std::string> strings;
  if (array)
    for (Attribute text : array)
      strings.push_back(cast<StringAttr>(text).str());
  return strings;
}

namespace {
/// Fills one EntryInfo; `error` tells what was wrong when a step returns false.
class EntryReader {
public:
  EntryReader(const ProgramInfo &program, std::vector<VersionInfo> versions, std::string &error)
      : plan(versions.back().plan), program(program), error(error),
        names(program.name, {"program", "workspace", "workspace_bytes", "call"}) {
    entry.versions = std::move(versions);
  }
  bool read();
  EntryInfo entry;
  std::vector<std::string> weightPaths; ///< of the weights that the entry reads

private:
  bool refuse(const Twine &text) {
    error = ("internal error: plan @" + plan.getSymName() + ": " + text).str();
    return false;
  }
  void readSymbols();
  void readFixed(VersionInfo &version);
  bool readArguments();
  bool readTensor(ArgumentAttr argument);
  void place(TensorInfo &tensor, ArgumentAttr argument);
  bool readGuard(StringRef text);
  bool readIndexChecks();
  bool readAmounts();
  bool readCost(StringAttr text, FormulaInfo &formula);
  bool readLayers();
  bool readIdRanges();
  bool setFormula(ArrayRef<Dim> amounts, FormulaInfo &formula);

  PlanOp plan; ///< one that serves all sizes
  const ProgramInfo &program;
  std::string &error;
  CNames names;
  std::map<std::string, Dim> definitions;
  std::string lastTree;
  std::map<std::string, CNames> fields; ///< of each tree
  int nextPosition = 1;                 ///< 0 is the program
};
} // namespace

bool EntryReader::read() {
  entry.name = entryOf(plan).str();
  entry.cSymbol = program.name + "_" + plan.getCName().value_or(entry.name).str();
  entry.signature = plan.getSignature().value_or(entry.name).str();
  entry.independent = toStrings(plan.getIndependentAttr());
  entry.mixes = toStrings(plan.getMixesAttr());
  readSymbols();
  for (VersionInfo &version : entry.versions)
    readFixed(version);
  if (!readArguments())
    return false;
  for (const std::string &guard : toStrings(plan.getGuardsAttr()))
    if (!readGuard(guard))
      return false;
  return readIndexChecks() && readAmounts() && readCost(plan->getAttrOfType<StringAttr>(attr::flops), entry.flops) &&
         readCost(plan->getAttrOfType<StringAttr>(attr::bytes), entry.bytes) && readLayers() && readIdRanges();
}

void EntryReader::readSymbols() {
  definitions = definitionsOf(plan.getSymbols());
  std::vector<std::string> nonEmpty = toStrings(plan.getNonemptyAttr());
  for (auto symbol : plan.getSymbols().getAsRange<SymbolAttr>()) {
    std::string name = symbol.getName().str();
    if (!symbol.isRuntime())
      continue;
    int64_t bound = symbol.getKind() == SymbolKind::Bounded ? symbol.getValue() : 0;
    entry.symbols.push_back({name, names.take(name), bound, llvm::is_contained(nonEmpty, name), nextPosition++});
  }
}

/// A dim that is a runtime one of the entry and a static one of the version.
void EntryReader::readFixed(VersionInfo &version) {
  for (auto symbol : version.plan.getSymbols().getAsRange<SymbolAttr>())
    for (auto [i, known] : llvm::enumerate(entry.symbols))
      if (!symbol.isRuntime() && symbol.getName() == known.name)
        version.fixed = batten_version{int32_t(i), 0, symbol.getValue()};
}

bool EntryReader::readArguments() {
  ArrayAttr arguments = plan.getArgumentsAttr();
  if (arguments)
    for (auto argument : arguments.getAsRange<ArgumentAttr>()) {
      if (argument.getKind() == ArgumentKind::Weight)
        weightPaths.push_back(argument.getPath().str());
      else if (!readTensor(argument))
        return false;
    }
  unsigned pointers = plan.getBody().getNumArguments();
  return pointers == entry.tensors.size() || refuse("its arguments do not fit its pointers");
}

bool EntryReader::readTensor(ArgumentAttr argument) {
  TensorInfo tensor;
  TensorType type = argument.getType();
  tensor.kind = argument.getKind() == ArgumentKind::Result  ? BATTEN_RESULT
                : argument.getKind() == ArgumentKind::Inout ? BATTEN_INOUT
                                                            : BATTEN_INPUT;
  tensor.dtype = dtypeOf(type.getElementType());
  tensor.batchRank = type.batchRank();
  tensor.byValue = argument.getScalar() && tensor.kind == BATTEN_INPUT;
  for (const Dim &dim : type.dims()) {
    tensor.dims.push_back(dim.substitute(definitions));
    tensor.formulas.emplace_back();
    if (!setFormula(tensor.dims.back(), tensor.formulas.back()))
      return false;
  }
  if (!argument.getPath().empty() && argument.getTree().empty())
    return refuse(argument.getName().getValue() + ": a leaf of no model's tree");
  place(tensor, argument);
  entry.tensors.push_back(std::move(tensor));
  return true;
}

/// Gives the tensor its names and its position. The leaves of a parameter tree follow each other and share theirs.
void EntryReader::place(TensorInfo &tensor, ArgumentAttr argument) {
  StringRef name = argument.getName(), path = argument.getPath();
  tensor.name = name.str();
  if (path.empty()) {
    lastTree.clear();
    tensor.cName = names.take(name);
    tensor.position = nextPosition++;
    return;
  }
  bool first = name != lastTree;
  lastTree = name.str();
  tensor.name += "." + path.str();
  tensor.tree = first ? names.take(name) : entry.tensors.back().tree;
  tensor.model = argument.getTree().str();
  tensor.position = first ? nextPosition++ : entry.tensors.back().position;
  tensor.cName = fields.try_emplace(tensor.tree, program.name, ArrayRef<StringRef>()).first->second.take(path);
}

bool EntryReader::setFormula(ArrayRef<Dim> amounts, FormulaInfo &formula) {
  auto made = makeFormula(amounts, entry.symbols);
  if (!made)
    return refuse("a size is no polynomial in its runtime dims, or too large a one");
  formula = *made;
  return true;
}

bool EntryReader::readGuard(StringRef text) {
  static const std::pair<StringRef, batten_relation> relations[] = {
      {"==", BATTEN_EQ}, {"!=", BATTEN_NE}, {"<=", BATTEN_LE}, {">=", BATTEN_GE}, {"<", BATTEN_LT}, {">", BATTEN_GT}};
  for (auto [spelling, relation] : relations) {
    auto [left, right] = text.split(spelling);
    if (left.size() == text.size())
      continue;
    auto lhs = Dim::parse(left.trim().str()), rhs = Dim::parse(right.trim().str());
    if (!lhs || !rhs)
      break;
    GuardInfo guard;
    guard.text = text.str();
    guard.relation = relation;
    Dim sides[] = {lhs->substitute(definitions), rhs->substitute(definitions)};
    if (!setFormula(sides[0], guard.lhs) || !setFormula(sides[1], guard.rhs))
      return false;
    for (const Dim &side : sides)
      for (const std::string &symbol : side.symbols())
        for (auto [i, known] : llvm::enumerate(entry.symbols))
          if (known.name == symbol)
            guard.symbol = std::max<int>(guard.symbol, i);
    entry.guards.push_back(std::move(guard));
    return true;
  }
  return refuse("`" + text + "` is no condition");
}

bool EntryReader::readIndexChecks() {
  for (const std::string &text : toStrings(plan->getAttrOfType<ArrayAttr>(attr::indexChecks))) {
    auto [position, rows] = StringRef(text).split(" < ");
    std::optional<Dim> dim = Dim::parse(rows.str());
    IndexCheck check;
    if (position.getAsInteger(10, check.tensor) || size_t(check.tensor) >= entry.tensors.size() || !dim)
      return refuse("`" + text + "` is no check of an argument");
    check.rows = dim->substitute(definitions);
    entry.indexChecks.push_back(std::move(check));
  }
  return true;
}

/// -1 where it is not known, or no formula.
bool EntryReader::readCost(StringAttr text, FormulaInfo &formula) {
  std::optional<Dim> cost = text ? Dim::parse(text.getValue().str()) : std::nullopt;
  auto made = cost ? makeFormula(cost->substitute(definitions), entry.symbols) : std::nullopt;
  return made ? (formula = *made, true) : setFormula(Dim::constant(-1), formula);
}

bool EntryReader::readLayers() {
  if (auto layers = plan->getAttrOfType<ArrayAttr>(attr::layers))
    for (auto layer : layers.getAsRange<LayerAttr>()) {
      LayerInfo info{
          layer.getName().str(), layer.getType().str(), layer.getParameters(), layer.getParameterBytes(), {}, {},
          layer.getTied()};
      if (!readCost(layer.getFlops(), info.flops) || !readCost(layer.getBytes(), info.bytes))
        return false;
      entry.layers.push_back(std::move(info));
    }
  return true;
}

bool EntryReader::readIdRanges() {
  if (auto ranges = plan->getAttrOfType<ArrayAttr>(attr::idRanges))
    for (auto range : ranges.getAsRange<IdRangeAttr>()) {
      std::optional<Dim> end = Dim::parse(range.getEnd().str());
      IdRangeInfo info{range.getArgument(), range.getLeast(), {}};
      if (!end || info.argument < 0 || size_t(info.argument) >= entry.tensors.size())
        return refuse("no argument numbers " + range.getEnd().str());
      if (!setFormula(end->substitute(definitions), info.end))
        return false;
      entry.idRanges.push_back(std::move(info));
    }
  return true;
}

/// Workspace, scratch, and the loop extents that no tensor already keeps within 64 bits.
bool EntryReader::readAmounts() {
  std::vector<Dim> scratch, limits, workspace;
  for (const VersionInfo &version : llvm::reverse(entry.versions)) { // those for all sizes first
    PlanOp plan = version.plan;
    for (auto launch : plan.getBody().getOps<LaunchOp>()) {
      Dim bytes = toDim(launch.getScratchAttr()), range = toDim(launch.getRangeAttr());
      if (!(bytes == Dim()))
        scratch.push_back(bytes);
      auto covers = [&](const TensorInfo &tensor) { return isAtMost(range, product(tensor.dims)); };
      if (!range.isConstant() && !llvm::any_of(entry.tensors, covers))
        limits.push_back(range);
    }
    std::map<std::string, Dim> fixed;
    if (version.fixed)
      fixed[entry.symbols[version.fixed->symbol].name] = Dim::constant(version.fixed->size);
    for (const Dim &bytes : workspaceOf(plan))
      if (llvm::none_of(workspace, [&](const Dim &other) { return isAtMost(bytes, other.substitute(fixed)); }))
        workspace.push_back(bytes);
  }
  dropSmaller(workspace);
  dropSmaller(scratch);
  dropSmaller(limits);
  std::vector<Dim> rounded;
  for (const Dim &bytes : scratch) {
    rounded.push_back(roundedUp(bytes));
    auto bound = upperBound(rounded.back(), entry.symbols);
    if (!bound)
      return refuse("the scratch of a launch may not grow with an unbounded dim: " + bytes.str());
    entry.threadBytes = std::max(entry.threadBytes, *bound);
  }
  for (const Dim &limit : limits)
    if (!setFormula(limit, entry.limits.emplace_back()))
      return false;
  return setFormula(rounded, entry.scratch) && setFormula(workspace, entry.workspace);
}

bool readEntry(std::vector<VersionInfo> versions, ProgramInfo &program, std::string &error) {
  EntryReader reader(program, std::move(versions), error);
  if (!reader.read())
    return false;
  for (WeightInfo &weight : program.weights)
    if (llvm::is_contained(reader.weightPaths, weight.path))
      weight.usedBy.push_back(reader.entry.name);
  program.entries.push_back(std::move(reader.entry));
  return true;
}

} // namespace batten
