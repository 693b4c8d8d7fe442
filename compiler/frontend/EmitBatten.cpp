// EmitBatten.cpp - the front end's flat program -> a module of the batten dialect.
//
// Ops carry the dialect's own names and attributes in the program, so emission is one generic loop. An op that the
// dialect lacks is one that the language has and no later stage compiles: the user is told so at its place.
//
// A function's results are the returned values, then the new value of each inout argument; the argument's attribute
// `batten.inout` says which one. A version for a fixed size (`#[specialize(B = 1)]`) is a function of its own,
// "FN.B_1".
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/EmitBatten.h"

#include "compiler/frontend/Types.h"
#include "dialect/Batten.h"
#include "mlir/IR/Builders.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace batten;

namespace {

using frontend::Diagnostics;
using frontend::DType;

class FunctionEmitter {
public:
  FunctionEmitter(const frontend::Function &function, OpBuilder &builder, Diagnostics &diagnostics)
      : function(function), builder(builder), diagnostics(diagnostics) {}

  bool emit();

private:
  FuncOp createFunction();
  DictionaryAttr argumentAttributes(const frontend::Argument &argument, int64_t &nextInout);
  void bindArguments(FuncOp func);
  bool emitOp(const frontend::Op &op);
  ElementsAttr constantValue(const frontend::Attribute &value, batten::TensorType type);
  Attribute convert(const frontend::Attribute &attribute);
  bool refuse(const frontend::Location &location, const std::string &message);

  batten::TensorType typeOf(int value) { return convertType(function.values[value]); }
  batten::TensorType convertType(const frontend::TensorType &type);
  Location convertLocation(const frontend::Location &location) {
    return FileLineColLoc::get(builder.getContext(), location.file, location.line, location.column);
  }

  const frontend::Function &function;
  OpBuilder &builder;
  Diagnostics &diagnostics;
  SmallVector<Value> values;
};

Type convertDType(DType dtype, MLIRContext *context) {
  switch (dtype) {
  case DType::F64:
    return Float64Type::get(context);
  case DType::F32:
    return Float32Type::get(context);
  case DType::F16:
    return Float16Type::get(context);
  case DType::BF16:
    return BFloat16Type::get(context);
  case DType::I64:
    return IntegerType::get(context, 64);
  case DType::I32:
    return IntegerType::get(context, 32);
  case DType::I8:
    return IntegerType::get(context, 8);
  case DType::U8:
    return IntegerType::get(context, 8, IntegerType::Unsigned);
  case DType::Bool:
    return IntegerType::get(context, 1);
  }
  return {};
}

batten::TensorType convertTensor(const frontend::TensorType &type, MLIRContext *context) {
  auto batch = llvm::map_to_vector(type.batch, [&](const std::string &name) { return StringAttr::get(context, name); });
  return batten::TensorType::get(convertDType(type.dtype, context), batch, ArrayRef<Dim>(type.core));
}

//===- Functions --------------------------------------------------------------------------------------------------===//

bool FunctionEmitter::emit() {
  OpBuilder::InsertionGuard guard(builder);
  FuncOp func = createFunction();
  builder.setInsertionPointToStart(func.getBody().empty() ? func.addEntryBlock() : &func.getBody().front());
  bindArguments(func);
  for (const frontend::Op &op : function.ops)
    if (!emitOp(op))
      return false;
  SmallVector<Value> results;
  for (int result : function.results)
    results.push_back(values[result]);
  for (const frontend::Argument &argument : function.arguments)
    if (argument.inout)
      results.push_back(values[argument.updated]);
  ReturnOp::create(builder, convertLocation(function.location), results);
  return true;
}

FuncOp FunctionEmitter::createFunction() {
  SmallVector<Attribute> symbols;
  SmallVector<Type> inputs, results;
  SmallVector<Attribute> attributes;
  for (const frontend::Symbol &symbol : function.symbols) {
    bool isComputed = symbol.kind == frontend::Symbol::Computed;
    symbols.push_back(SymbolAttr::get(builder.getContext(), builder.getStringAttr(symbol.name),
                                      static_cast<SymbolKind>(symbol.kind), symbol.value,
                                      isComputed ? builder.getStringAttr(symbol.size.str()) : StringAttr()));
    if (!symbol.isRuntime())
      continue;
    inputs.push_back(builder.getIndexType());
    attributes.push_back(builder.getDictionaryAttr({}));
  }
  for (int result : function.results)
    results.push_back(typeOf(result));
  int64_t nextInout = results.size();
  for (const frontend::Argument &argument : function.arguments) {
    inputs.push_back(convertType(argument.type));
    attributes.push_back(argumentAttributes(argument, nextInout));
    if (argument.inout)
      results.push_back(convertType(argument.type));
  }
  SmallVector<Attribute> guards;
  for (const frontend::Guard &guard : function.guards)
    guards.push_back(builder.getStringAttr(guard.lhs.str() + " " + guard.relation + " " + guard.rhs.str()));

  auto func = FuncOp::create(builder, convertLocation(function.location), builder.getStringAttr(function.name),
                             builder.getArrayAttr(symbols), TypeAttr::get(builder.getFunctionType(inputs, results)),
                             builder.getArrayAttr(attributes), /*res_attrs=*/nullptr,
                             builder.getStringAttr(function.cName), builder.getStringAttr(function.signature),
                             guards.empty() ? nullptr : builder.getArrayAttr(guards));
  return func;
}

DictionaryAttr FunctionEmitter::argumentAttributes(const frontend::Argument &argument, int64_t &nextInout) {
  NamedAttrList attributes;
  auto set = [&](StringRef name, const std::string &text) {
    if (!text.empty())
      attributes.set(name, builder.getStringAttr(text));
  };
  set(attr::name, argument.name);
  set(argument.weight ? attr::weight : attr::path, argument.path);
  set(attr::from, argument.from);
  set(attr::tree, argument.tree);
  if (argument.inout)
    attributes.set(attr::inout, builder.getI64IntegerAttr(nextInout++));
  else if (!argument.weight && argument.tree.empty() && argument.type.batch.empty() && argument.type.core.empty())
    attributes.set(attr::scalar, builder.getUnitAttr());
  return attributes.getDictionary(builder.getContext());
}

void FunctionEmitter::bindArguments(FuncOp func) {
  values.resize(function.values.size());
  for (auto [argument, value] : llvm::zip_equal(function.arguments, func.getTensorArguments())) {
    values[argument.value] = value;
    value.setLoc(convertLocation(argument.location));
  }
}

batten::TensorType FunctionEmitter::convertType(const frontend::TensorType &type) {
  return convertTensor(type, builder.getContext());
}

//===- Ops --------------------------------------------------------------------------------------------------------===//

bool FunctionEmitter::emitOp(const frontend::Op &op) {
  std::string name = "batten." + op.name;
  std::optional<RegisteredOperationName> known = RegisteredOperationName::lookup(name, builder.getContext());
  if (!known)
    return refuse(op.location, "`" + op.name + "` is not compiled yet");
  OperationState state(convertLocation(op.location), name);
  for (int operand : op.operands)
    state.operands.push_back(values[operand]);
  for (int result : op.results)
    state.types.push_back(typeOf(result));
  for (const auto &[key, value] : op.attributes) {
    if (!llvm::is_contained(known->getAttributeNames(), key))
      return refuse(op.location, "`" + key + ":` of `" + op.name + "` is not compiled yet");
    bool isConstant = op.name == "constant" && key == "value";
    state.addAttribute(key, isConstant ? constantValue(value, typeOf(op.results.front())) : convert(value));
  }
  Operation *created = builder.create(state);
  for (auto [result, value] : llvm::zip_equal(op.results, created->getResults()))
    values[result] = value;
  return true;
}

/// One element of a constant: a number, rounded once to the element type.
Attribute elementValue(std::variant<int64_t, double> number, Type element) {
  const auto *integer = std::get_if<int64_t>(&number);
  if (isFloat(element)) {
    const llvm::fltSemantics &semantics = cast<FloatType>(element).getFloatSemantics();
    APFloat value(semantics);
    bool inexact;
    if (integer) {
      value.convertFromAPInt(APInt(64, uint64_t(*integer)), /*IsSigned=*/true, APFloat::rmNearestTiesToEven);
    } else {
      value = APFloat(std::get<double>(number));
      value.convert(semantics, APFloat::rmNearestTiesToEven, &inexact);
    }
    return FloatAttr::get(element, value);
  }
  // Sema lets only whole numbers that fit through.
  int64_t value = integer ? *integer : int64_t(std::get<double>(number));
  if (isBool(element))
    value = value != 0;
  return IntegerAttr::get(element, APInt(element.getIntOrFloatBitWidth(), uint64_t(value), /*isSigned=*/false,
                                         /*implicitTrunc=*/true));
}

/// A number is repeated into the whole type; a list has one integer an element.
ElementsAttr FunctionEmitter::constantValue(const frontend::Attribute &value, batten::TensorType type) {
  Type element = type.getElementType();
  SmallVector<Attribute> elements;
  if (const auto *flag = std::get_if<bool>(&value))
    elements.push_back(elementValue(int64_t(*flag), element));
  else if (const auto *integer = std::get_if<int64_t>(&value))
    elements.push_back(elementValue(*integer, element));
  else if (const auto *number = std::get_if<double>(&value))
    elements.push_back(elementValue(*number, element));
  else if (const auto *list = std::get_if<std::vector<int64_t>>(&value))
    for (int64_t entry : *list)
      elements.push_back(elementValue(entry, element));
  return DenseElementsAttr::get(cast<ShapedType>(type), elements);
}

Attribute FunctionEmitter::convert(const frontend::Attribute &attribute) {
  auto strings = [&](const std::vector<std::string> &texts) {
    return builder.getStrArrayAttr(llvm::to_vector_of<StringRef>(texts));
  };
  if (const auto *value = std::get_if<bool>(&attribute))
    return builder.getBoolAttr(*value);
  if (const auto *value = std::get_if<int64_t>(&attribute))
    return builder.getI64IntegerAttr(*value);
  if (const auto *value = std::get_if<double>(&attribute))
    return builder.getF64FloatAttr(*value);
  if (const auto *value = std::get_if<std::string>(&attribute))
    return builder.getStringAttr(*value);
  if (const auto *value = std::get_if<std::vector<int64_t>>(&attribute))
    return builder.getDenseI64ArrayAttr(*value);
  if (const auto *value = std::get_if<std::vector<std::string>>(&attribute))
    return strings(*value);
  SmallVector<Attribute> lists;
  for (const auto &texts : std::get<std::vector<std::vector<std::string>>>(attribute))
    lists.push_back(strings(texts));
  return builder.getArrayAttr(lists);
}

/// Says it once, also where several functions inline the same line.
bool FunctionEmitter::refuse(const frontend::Location &location, const std::string &message) {
  frontend::SourceRange range = rangeOf(location, diagnostics.sources());
  if (llvm::none_of(diagnostics.all(),
                    [&](const frontend::Diagnostic &said) { return said.range == range && said.message == message; }))
    diagnostics.error("E0602", range, message);
  return false;
}

//===- Module -----------------------------------------------------------------------------------------------------===//

Attribute weightAttribute(const frontend::Weight &weight, MLIRContext *context) {
  auto text = [&](const std::string &string) { return StringAttr::get(context, string); };
  return ArgumentAttr::get(context, text(weight.path), convertTensor(weight.type, context), ArgumentKind::Weight,
                           text(weight.path), text(weight.from), text(""), /*scalar=*/false);
}

OwningOpRef<ModuleOp> createModule(const frontend::Program &program, const std::string &file, MLIRContext &context) {
  context.loadDialect<BattenDialect>();
  OwningOpRef<ModuleOp> module = ModuleOp::create(FileLineColLoc::get(&context, file, 1, 1));
  OpBuilder builder(&context);
  (*module)->setAttr(attr::program, builder.getStringAttr(program.name));
  (*module)->setAttr(attr::source, builder.getStringAttr(llvm::sys::path::filename(file))); // it is in the artifact
  SmallVector<Attribute> weights;
  for (const frontend::Weight &weight : program.weights)
    weights.push_back(weightAttribute(weight, &context));
  (*module)->setAttr(attr::weights, builder.getArrayAttr(weights));
  return module;
}

bool emitFunction(const frontend::Function &function, ModuleOp module, Diagnostics &diagnostics) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  return FunctionEmitter(function, builder, diagnostics).emit();
}

/// The function with one runtime dim fixed. A point keeps its name apart from others.
frontend::Function versionOf(frontend::Function function, const std::string &dim, int64_t size) {
  function.name += "." + dim + "_" + std::to_string(size);
  for (frontend::Symbol &symbol : function.symbols)
    if (symbol.name == dim) {
      symbol.kind = frontend::Symbol::Static;
      symbol.value = size;
    }
  return function;
}

} // namespace

OwningOpRef<ModuleOp> frontend::emitBatten(const Program &program, MLIRContext &context, Diagnostics &diagnostics) {
  std::string file = program.functions.empty() ? program.name + ".btn" : program.functions.front().location.file;
  OwningOpRef<ModuleOp> module = createModule(program, file, context);
  bool complete = true;
  for (const Function &function : program.functions) {
    complete &= emitFunction(function, *module, diagnostics);
    for (const auto &[dim, sizes] : function.specialize)
      for (int64_t size : sizes)
        complete &= emitFunction(versionOf(function, dim, size), *module, diagnostics);
  }
  if (!complete)
    return nullptr;
  return module;
}
