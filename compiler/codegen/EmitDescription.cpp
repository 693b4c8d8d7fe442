// EmitDescription.cpp - the tables of batten_description as constants of the LLVM module.
//
// Made after the translation to LLVM IR, where a constant with pointers is one expression; in the LLVM dialect each
// would be a region of insertions. Structs are literal types with C's natural layout: the order of the fields here is
// that of runtime/abi.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/Emit.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/GlobalVariable.h"

using namespace llvm;

namespace batten {

namespace {

class Tables {
public:
  explicit Tables(Module &module) : module(module), context(module.getContext()) {}

  Constant *i32(int64_t value) { return ConstantInt::get(Type::getInt32Ty(context), value, /*IsSigned=*/true); }
  Constant *i64(int64_t value) { return ConstantInt::get(Type::getInt64Ty(context), value, /*IsSigned=*/true); }
  Constant *null() { return ConstantPointerNull::get(llvm::PointerType::get(context, 0)); }
  Constant *text(StringRef text);
  Constant *record(ArrayRef<Constant *> fields) { return ConstantStruct::getAnon(fields); }
  /// A pointer to the elements, NULL for none.
  Constant *array(ArrayRef<Constant *> elements);
  Constant *function(StringRef name) { return module.getFunction(name); }
  /// Makes a table with a name; what knew it by that name before now reads this one.
  Constant *define(StringRef name, Constant *contents);

private:
  GlobalVariable *constant(Constant *contents);

  Module &module;
  LLVMContext &context;
  StringMap<Constant *> texts;
};

} // namespace

GlobalVariable *Tables::constant(Constant *contents) {
  auto *global = new GlobalVariable(module, contents->getType(), /*isConstant=*/true, GlobalValue::PrivateLinkage,
                                    contents, ".table");
  global->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
  return global;
}

Constant *Tables::text(StringRef text) {
  Constant *&known = texts[text];
  if (!known)
    known = constant(ConstantDataArray::getString(context, text));
  return known;
}

Constant *Tables::array(ArrayRef<Constant *> elements) {
  if (elements.empty())
    return null();
  return constant(ConstantArray::get(ArrayType::get(elements[0]->getType(), elements.size()), elements));
}

Constant *Tables::define(StringRef name, Constant *contents) {
  GlobalVariable *placeholder = module.getGlobalVariable(name);
  auto *table =
      new GlobalVariable(module, contents->getType(), /*isConstant=*/true, GlobalValue::InternalLinkage, contents);
  if (placeholder) {
    table->takeName(placeholder);
    placeholder->replaceAllUsesWith(table);
    placeholder->eraseFromParent();
  } else {
    table->setName(name);
  }
  return table;
}

//===- The structs of runtime/abi.h -------------------------------------------------------------------------------===//

static Constant *words(Tables &t, ArrayRef<int64_t> values) {
  SmallVector<Constant *> elements;
  for (int64_t value : values)
    elements.push_back(t.i64(value));
  return t.array(elements);
}

static Constant *textArray(Tables &t, ArrayRef<std::string> texts) {
  SmallVector<Constant *> elements;
  for (const std::string &text : texts)
    elements.push_back(t.text(text));
  return t.array(elements);
}

static Constant *formula(Tables &t, const FormulaInfo &formula) {
  return t.record({t.text(formula.text), words(t, formula.code), t.i64(formula.code.size())});
}

static Constant *formulas(Tables &t, ArrayRef<FormulaInfo> list) {
  SmallVector<Constant *> elements;
  for (const FormulaInfo &element : list)
    elements.push_back(formula(t, element));
  return t.array(elements);
}

static Constant *symbol(Tables &t, const SymbolInfo &symbol) {
  return t.record({t.text(symbol.name), t.i64(symbol.bound), t.i32(symbol.position), t.i32(symbol.nonEmpty)});
}

static Constant *guard(Tables &t, const GuardInfo &guard) {
  return t.record(
      {t.text(guard.text), formula(t, guard.lhs), formula(t, guard.rhs), t.i32(guard.relation), t.i32(guard.symbol)});
}

static Constant *argument(Tables &t, const TensorInfo &tensor) {
  return t.record({t.text(tensor.name), t.i32(tensor.kind), t.i32(tensor.dtype), t.i32(tensor.batchRank),
                   t.i32(tensor.dims.size()), formulas(t, tensor.formulas), t.i32(tensor.position),
                   t.i32(tensor.byValue)});
}

template <typename Info>
static Constant *each(Tables &t, const std::vector<Info> &list, Constant *(*make)(Tables &, const Info &)) {
  SmallVector<Constant *> elements;
  for (const Info &info : list)
    elements.push_back(make(t, info));
  return t.array(elements);
}

static Constant *version(Tables &t, const batten_version &version) {
  return t.record({t.i32(version.symbol), t.i32(version.kernels), t.i64(version.size)});
}

static Constant *layer(Tables &t, const LayerInfo &layer) {
  return t.record({t.text(layer.name), t.text(layer.type), t.i64(layer.parameters), t.i64(layer.parameterBytes),
                   formula(t, layer.flops), formula(t, layer.bytes), t.i64(layer.tied)});
}

static Constant *idRange(Tables &t, const IdRangeInfo &range) {
  return t.record({t.i64(range.argument), t.i64(range.least), formula(t, range.end)});
}

static Constant *entry(Tables &t, const EntryInfo &entry) {
  std::vector<batten_version> versions = entry.fixedSizes();
  return t.record({t.text(entry.name),
                   t.text(entry.cSymbol),
                   t.text(entry.signature),
                   t.function(uniformCallName(entry)),
                   t.function(uniformWorkspaceName(entry)),
                   each(t, entry.symbols, symbol),
                   t.i64(entry.symbols.size()),
                   each(t, entry.tensors, argument),
                   t.i64(entry.tensors.size()),
                   each(t, entry.guards, guard),
                   t.i64(entry.guards.size()),
                   formulas(t, entry.limits),
                   t.i64(entry.limits.size()),
                   formula(t, entry.workspace),
                   formula(t, entry.scratch),
                   t.i64(entry.threadBytes),
                   textArray(t, entry.independent),
                   t.i64(entry.independent.size()),
                   textArray(t, entry.mixes),
                   t.i64(entry.mixes.size()),
                   formula(t, entry.flops),
                   formula(t, entry.bytes),
                   each(t, versions, version),
                   t.i64(versions.size()),
                   each(t, entry.layers, layer),
                   t.i64(entry.layers.size()),
                   each(t, entry.idRanges, idRange),
                   t.i64(entry.idRanges.size())});
}

static Constant *weight(Tables &t, const WeightInfo &weight) {
  return t.record({t.text(weight.path), t.text(weight.from), t.text(weight.field), t.i32(weight.dtype),
                   t.i32(weight.shape.size()), words(t, weight.shape), textArray(t, weight.usedBy),
                   t.i64(weight.usedBy.size())});
}

static Constant *level(Tables &t, const CpuLevel &level) {
  SmallVector<Constant *> required;
  for (const batten_cpuid &bits : level.required)
    required.push_back(t.record({t.i32(bits.leaf), t.i32(bits.subleaf), t.i32(bits.reg), t.i32(bits.mask)}));
  return t.record({t.text(level.name), t.array(required), t.i64(required.size())});
}

/// Of zeros: the lengths are filled in when the object is there.
static Constant *codeBytes(Tables &t, const ProgramInfo &program) {
  SmallVector<Constant *> zeros(program.levels.size(), t.i64(0));
  return t.define(codeBytesName(program), ConstantArray::get(ArrayType::get(zeros[0]->getType(), zeros.size()), zeros));
}

void defineDescription(Module &module, const ProgramInfo &program) {
  Tables t(module);
  SmallVector<Constant *> entries;
  for (const EntryInfo &info : program.entries)
    entries.push_back(entry(t, info));
  Constant *table =
      entries.empty() ? nullptr : ConstantArray::get(ArrayType::get(entries[0]->getType(), entries.size()), entries);
  t.define(entriesName(program), table ? table : t.i64(0));
  t.define(
      descriptionName(program),
      t.record({t.i32(BATTEN_ABI), t.i32(sizeof(batten_description)), t.i64(program.magic), t.text(program.name),
                t.text(program.source), t.text(program.sourceHash), t.text(program.compiler), t.text(program.flags),
                t.text(program.numerics), t.i64(program.programBytes), t.function(uniformBindName(program)),
                module.getGlobalVariable(entriesName(program), /*AllowInternal=*/true), t.i64(entries.size()),
                each(t, program.weights, weight), t.i64(program.weights.size()), each(t, program.levels, level),
                t.i64(program.levels.size()), program.placedWeights.empty() ? t.null() : t.text(program.placedWeights),
                codeBytes(t, program)}));
}

} // namespace batten
