// ProgramInfo.cpp - reads the plans and attributes of a scheduled module.
//
// Everything that the C side shows is decided here: C names, positions in the argument lists, formulas, which sizes are
// checked against what. A module that the schedule made passes; what is refused here is an internal error in words.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/ProgramInfo.h"
#include "compiler/Version.h"
#include "compiler/codegen/Formula.h"
#include "compiler/codegen/WeightsObject.h"
#include "dialect/IndexChecks.h"
#include "dialect/Numerics.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;

namespace batten {

//===- Names ------------------------------------------------------------------------------------------------------===//

namespace {
struct DtypeRow {
  batten_dtype dtype;
  const char *text, *inC;
};
} // namespace
static const DtypeRow dtypes[] = {
    {BATTEN_F64, "f64", "double"},        {BATTEN_F32, "f32", "float"},   {BATTEN_F16, "f16", "batten_f16"},
    {BATTEN_BF16, "bf16", "batten_bf16"}, {BATTEN_I64, "i64", "int64_t"}, {BATTEN_I32, "i32", "int32_t"},
    {BATTEN_I8, "i8", "int8_t"},          {BATTEN_U8, "u8", "uint8_t"},   {BATTEN_BOOL, "bool", "batten_bool"},
};

static const DtypeRow &rowOf(batten_dtype dtype) {
  return *llvm::find_if(dtypes, [&](const DtypeRow &row) { return row.dtype == dtype; });
}
StringRef dtypeText(batten_dtype dtype) { return rowOf(dtype).text; }
StringRef dtypeInC(batten_dtype dtype) { return rowOf(dtype).inC; }

static batten_dtype dtypeOf(Type element) {
  std::string name = dtypeName(element);
  return llvm::find_if(dtypes, [&](const DtypeRow &row) { return row.text == name; })->dtype;
}

/// Words that C11 or C++20 keep for themselves, and the two old macros of GNU modes.
static const StringRef keywords[] = {
    "alignas",     "alignof",      "and",       "and_eq",   "asm",       "auto",         "bitand",   "bitor",
    "bool",        "break",        "case",      "catch",    "char",      "char16_t",     "char32_t", "char8_t",
    "class",       "co_await",     "co_return", "co_yield", "compl",     "concept",      "const",    "const_cast",
    "consteval",   "constexpr",    "constinit", "continue", "decltype",  "default",      "delete",   "do",
    "double",      "dynamic_cast", "else",      "enum",     "explicit",  "export",       "extern",   "false",
    "float",       "for",          "friend",    "goto",     "if",        "inline",       "int",      "linux",
    "long",        "mutable",      "namespace", "new",      "noexcept",  "not",          "not_eq",   "nullptr",
    "operator",    "or",           "or_eq",     "private",  "protected", "public",       "register", "reinterpret_cast",
    "requires",    "restrict",     "return",    "short",    "signed",    "sizeof",       "static",   "static_assert",
    "static_cast", "struct",       "switch",    "template", "this",      "thread_local", "throw",    "true",
    "try",         "typedef",      "typeid",    "typename", "typeof",    "union",        "unix",     "unsigned",
    "using",       "virtual",      "void",      "volatile", "wchar_t",   "while",        "xor",      "xor_eq"};

/// What the text of a prototype needs unshadowed: the types in it.
static bool isTakenByTypes(StringRef name, StringRef program) {
  // Whole names: a weight `mha_wo` of program mha is no type, and every name must come free by a `_` at its end.
  for (StringRef type : {"batten_call", "batten_error", "batten_bf16", "batten_f16", "batten_bool"})
    if (name == type)
      return true;
  StringRef rest = name;
  bool own = rest.consume_front(program) && rest.consume_front("_");
  return name.ends_with("_t") ||
         (own && (rest == "program" || rest == "weights" || rest.ends_with("_params") || rest.ends_with("_params_in")));
}

namespace {
/// The identifiers of one C argument list or struct.
class CNames {
public:
  CNames(StringRef program, ArrayRef<StringRef> fixed) : program(program) {
    for (StringRef name : fixed)
      used.insert(name);
  }
  std::string take(StringRef wanted) {
    std::string name = wanted.str();
    for (char &c : name)
      if (c == '.')
        c = '_';
    while (llvm::is_contained(keywords, name) || isTakenByTypes(name, program) || used.contains(name))
      name += "_";
    used.insert(name);
    return name;
  }

private:
  StringRef program;
  llvm::StringSet<> used;
};
} // namespace

static std::vector<std::string> toStrings(ArrayAttr array) {
  std::vector<std::string> strings;
  if (array)
    for (Attribute text : array)
      strings.push_back(cast<StringAttr>(text).str());
  return strings;
}

static std::string textOf(ModuleOp module, StringRef name, StringRef otherwise) {
  auto text = module->getAttrOfType<StringAttr>(name);
  return text ? text.str() : otherwise.str();
}

/// A version is named by its entry, a point and what tells it from the others.
static StringRef entryOf(PlanOp plan) { return plan.getSymName().split('.').first; }

//===- Entries ----------------------------------------------------------------------------------------------------===//

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
  bool readCost(StringRef name, FormulaInfo &formula);
  bool setFormula(ArrayRef<Dim> amounts, FormulaInfo &formula);

  PlanOp plan; ///< one that serves all sizes
  const ProgramInfo &program;
  std::string &error;
  CNames names;
  std::map<std::string, Dim> statics;
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
  return readIndexChecks() && readAmounts() && readCost(attr::flops, entry.flops) && readCost(attr::bytes, entry.bytes);
}

void EntryReader::readSymbols() {
  std::vector<std::string> nonEmpty = toStrings(plan.getNonemptyAttr());
  for (auto symbol : plan.getSymbols().getAsRange<SymbolAttr>()) {
    std::string name = symbol.getName().str();
    if (!symbol.isRuntime()) {
      statics[name] = Dim::constant(symbol.getValue());
      continue;
    }
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
    tensor.dims.push_back(dim.substitute(statics));
    tensor.formulas.emplace_back();
    if (!setFormula(tensor.dims.back(), tensor.formulas.back()))
      return false;
  }
  place(tensor, argument);
  entry.tensors.push_back(std::move(tensor));
  return true;
}

/// The model of a tree `p: M.params` stands in the signature only.
static std::string modelOf(StringRef signature, StringRef parameter) {
  for (size_t at = signature.find(parameter); at != StringRef::npos; at = signature.find(parameter, at + 1)) {
    StringRef before = signature.take_front(at).rtrim(), rest = signature.drop_front(at + parameter.size()).ltrim();
    bool whole = before.ends_with("(") || before.ends_with(",") || before.ends_with("inout");
    if (!whole || !rest.consume_front(":"))
      continue;
    StringRef type = rest.ltrim().take_while([](char c) { return llvm::isAlnum(c) || c == '_' || c == '.'; });
    if (type.consume_back(".params"))
      return llvm::join(llvm::split(type, '.'), "_");
  }
  return parameter.str();
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
  tensor.model = modelOf(entry.signature, name);
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
    Dim sides[] = {lhs->substitute(statics), rhs->substitute(statics)};
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
    check.rows = dim->substitute(statics);
    entry.indexChecks.push_back(std::move(check));
  }
  return true;
}

bool EntryReader::readCost(StringRef name, FormulaInfo &formula) {
  auto text = plan->getAttrOfType<StringAttr>(name);
  std::optional<Dim> cost = text ? Dim::parse(text.getValue().str()) : std::nullopt;
  auto made = cost ? makeFormula(cost->substitute(statics), entry.symbols) : std::nullopt;
  return made ? (formula = *made, true) : setFormula(Dim::constant(-1), formula);
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

//===- The program ------------------------------------------------------------------------------------------------===//

static bool readWeights(ModuleOp module, ProgramInfo &program, std::string &error) {
  CNames fields(program.name, {});
  auto weights = module->getAttrOfType<ArrayAttr>(attr::weights);
  if (!weights)
    return true;
  for (auto argument : weights.getAsRange<ArgumentAttr>()) {
    WeightInfo weight;
    weight.path = argument.getPath().str();
    weight.from = argument.getFrom().str();
    weight.field = fields.take(argument.getPath());
    weight.dtype = dtypeOf(argument.getType().getElementType());
    for (const Dim &dim : argument.getType().dims()) {
      if (!dim.isConstant()) {
        error = "internal error: weight " + weight.path + " has no static shape";
        return false;
      }
      weight.shape.push_back(*dim.constantValue());
    }
    program.weights.push_back(std::move(weight));
  }
  return true;
}

/// The bind has no workspace and no sizes.
static bool checkBind(PlanOp bind, const ProgramInfo &program, std::string &error) {
  bool fits = bind.getBody().getNumArguments() == program.weights.size() && bind.getBody().getOps<BufferOp>().empty();
  for (auto launch : bind.getBody().getOps<LaunchOp>())
    fits &= toDim(launch.getScratchAttr()) == Dim() && toDim(launch.getRangeAttr()).isConstant();
  if (!fits)
    error = "internal error: the bind plan must take the program's weights and needs no sizes, buffers or scratch";
  return fits;
}

static bool readEntry(std::vector<VersionInfo> versions, ProgramInfo &program, std::string &error) {
  EntryReader reader(program, std::move(versions), error);
  if (!reader.read())
    return false;
  for (WeightInfo &weight : program.weights)
    if (llvm::is_contained(reader.weightPaths, weight.path))
      weight.usedBy.push_back(reader.entry.name);
  program.entries.push_back(std::move(reader.entry));
  return true;
}

/// The position of the level that the plan names, or of the only one.
static std::optional<unsigned> levelOf(PlanOp plan, ArrayRef<CpuLevel> levels) {
  auto name = plan->getAttrOfType<StringAttr>(attr::level);
  for (auto [i, level] : llvm::enumerate(levels))
    if (name ? name.getValue() == level.name : levels.size() == 1)
      return i;
  return std::nullopt;
}

std::vector<batten_version> EntryInfo::fixedSizes() const {
  std::vector<batten_version> sizes;
  for (const VersionInfo &version : versions)
    if (version.fixed && version.level == 0)
      sizes.push_back(*version.fixed);
  return sizes;
}

/// How many kernels only this plan launches.
static int32_t ownKernels(PlanOp plan, const llvm::StringMap<llvm::SmallPtrSet<Operation *, 2>> &users) {
  llvm::StringSet<> own;
  for (auto launch : plan.getBody().getOps<LaunchOp>())
    if (users.lookup(launch.getKernel()).size() == 1)
      own.insert(launch.getKernel());
  return own.size();
}

static void countKernels(ModuleOp module, ProgramInfo &program) {
  llvm::StringMap<llvm::SmallPtrSet<Operation *, 2>> users;
  for (auto plan : module.getOps<PlanOp>())
    for (auto launch : plan.getBody().getOps<LaunchOp>())
      users[launch.getKernel()].insert(plan);
  for (EntryInfo &entry : program.entries)
    for (VersionInfo &version : entry.versions)
      if (version.fixed)
        version.fixed->kernels = ownKernels(version.plan, users);
}

/// The versions of an entry are the plans of its name. Those for all sizes come last, since any call fits them.
static bool readPlans(ModuleOp module, ProgramInfo &program, std::string &error) {
  llvm::MapVector<StringRef, std::vector<VersionInfo>> entries;
  for (auto plan : module.getOps<PlanOp>()) {
    std::optional<unsigned> level = levelOf(plan, program.levels);
    if (!level) {
      error = ("internal error: plan @" + plan.getSymName() + " is of no level of the program").str();
      return false;
    }
    if (plan.getKind() == "bind" && !checkBind(plan, program, error))
      return false;
    (plan.getKind() == "bind" ? program.bind : entries[entryOf(plan)]).push_back({plan, *level, {}});
  }
  auto runtimeDims = [](PlanOp plan) {
    return llvm::count_if(plan.getSymbols().getAsRange<SymbolAttr>(),
                          [](SymbolAttr symbol) { return symbol.isRuntime(); });
  };
  for (auto &[name, versions] : entries) {
    auto all = runtimeDims(versions[0].plan); // which the lowering leaves first
    std::vector<VersionInfo> ordered;
    for (bool last : {false, true})
      llvm::copy_if(versions, std::back_inserter(ordered),
                    [&](const VersionInfo &version) { return (runtimeDims(version.plan) == all) == last; });
    if (!readEntry(std::move(ordered), program, error))
      return false;
  }
  countKernels(module, program);
  return true;
}

/// Of all that says where in the program's memory what lies, so that no build takes an object that another laid out:
/// the flags (the level, what --dim and --fuse say), the weights' shapes, and the plans with their offsets.
static uint64_t magicOf(const ProgramInfo &program) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  for (const std::string &part : {program.name, program.sourceHash, program.compiler, program.flags})
    stream << part << '\n';
  stream << program.programBytes << '\n';
  for (const WeightInfo &weight : program.weights) {
    stream << weight.path << ' ' << dtypeText(weight.dtype);
    for (int64_t size : weight.shape)
      stream << ' ' << size;
    stream << '\n';
  }
  for (const EntryInfo &entry : program.entries)
    for (const VersionInfo &version : entry.versions)
      stream << version.plan << '\n';
  for (const VersionInfo &version : program.bind)
    stream << version.plan;
  return llvm::xxh3_64bits(text);
}

std::optional<ProgramInfo> readProgram(ModuleOp module, const CodegenOptions &options, std::string &error) {
  ProgramInfo program;
  program.name = textOf(module, attr::program, "program");
  program.source = textOf(module, attr::source, "");
  program.sourceHash = textOf(module, attr::sourceHash, "");
  program.numerics = numericsId;
  program.compiler = "batten " BATTEN_VERSION;
  auto bytes = module->getAttrOfType<IntegerAttr>(attr::programBytes);
  program.programBytes = std::max<int64_t>(bytes ? bytes.getInt() : 0, sizeof(batten_program_header));

  std::string levelName = options.level.empty() ? textOf(module, attr::level, "x86-64-v3") : options.level;
  auto known = lookupLevels(levelName, error);
  if (!known)
    return std::nullopt;
  program.levels = std::move(*known);
  program.flags = "--target=cpu:" + namesOf(program.levels) + " -O" + std::to_string(options.optLevel) +
                  (options.debugInfo ? " -g" : "") + options.flags;
  if (!readWeights(module, program, error) || !readPlans(module, program, error))
    return std::nullopt;
  program.magic = magicOf(program);
  if (module->hasAttr(weightOffsetsName))
    program.weights.clear(); // to its users it has none
  return program;
}

} // namespace batten
