// BattenFunctionOps.cpp - the text form and the checks of functions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Checks.h"

#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/FunctionImplementation.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;
using namespace batten;

unsigned FuncOp::numRuntimeSymbols() {
  return llvm::count_if(getSymbols().getAsRange<SymbolAttr>(), [](SymbolAttr symbol) { return symbol.isRuntime(); });
}

Block::BlockArgListType FuncOp::getTensorArguments() {
  return getBody().getArguments().drop_front(numRuntimeSymbols());
}

SymbolAttr FuncOp::lookupSymbol(StringRef name) {
  for (SymbolAttr symbol : getSymbols().getAsRange<SymbolAttr>())
    if (symbol.getName().getValue() == name)
      return symbol;
  return {};
}

std::map<std::string, Dim> FuncOp::definitions() { return definitionsOf(getSymbols()); }

bool FuncOp::isUnbounded(SymbolAttr symbol) {
  return llvm::any_of(symbol.definition().symbols(), [&](const std::string &name) {
    SymbolAttr part = lookupSymbol(name);
    return part && part.getKind() == SymbolKind::Unbounded;
  });
}

// symbols = "[" [ symbol { "," symbol } ] "]"
ParseResult batten::parseSymbols(OpAsmParser &parser, ArrayAttr &symbols) {
  SmallVector<Attribute> list;
  auto parseOne = [&]() -> ParseResult {
    SymbolAttr symbol;
    if (parseSymbol(parser, symbol))
      return failure();
    list.push_back(symbol);
    return success();
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseOne))
    return failure();
  symbols = parser.getBuilder().getArrayAttr(list);
  return success();
}

void batten::printSymbols(OpAsmPrinter &printer, Operation *, ArrayAttr symbols) {
  printer << '[';
  llvm::interleaveComma(symbols.getAsRange<SymbolAttr>(), printer,
                        [&](SymbolAttr symbol) { printSymbol(printer, symbol); });
  printer << ']';
}

/// Index arguments named after the runtime symbols. The parser keeps the names' text, so they are interned.
static SmallVector<OpAsmParser::Argument> symbolArguments(OpAsmParser &parser, ArrayAttr symbols) {
  SmallVector<OpAsmParser::Argument> arguments;
  for (SymbolAttr symbol : symbols.getAsRange<SymbolAttr>()) {
    if (!symbol.isRuntime())
      continue;
    OpAsmParser::Argument argument;
    StringAttr name = parser.getBuilder().getStringAttr("%" + symbol.getName().getValue());
    argument.ssaName = {parser.getNameLoc(), name.getValue(), 0};
    argument.type = parser.getBuilder().getIndexType();
    arguments.push_back(argument);
  }
  return arguments;
}

// func = "@" name "[" symbols "]" "(" arguments ")" [ "->" results ] [ "attributes" dictionary ] region
ParseResult FuncOp::parse(OpAsmParser &parser, OperationState &state) {
  Builder &builder = parser.getBuilder();
  StringAttr name;
  ArrayAttr symbols;
  SmallVector<OpAsmParser::Argument> tensors;
  SmallVector<Type> results;
  SmallVector<DictionaryAttr> resultAttributes;
  bool variadic;
  if (parser.parseSymbolName(name, getSymNameAttrName(state.name), state.attributes) || parseSymbols(parser, symbols) ||
      function_interface_impl::parseFunctionSignatureWithArguments(parser, /*allowVariadic=*/false, tensors, variadic,
                                                                   results, resultAttributes))
    return failure();
  SmallVector<OpAsmParser::Argument> arguments = symbolArguments(parser, symbols);
  llvm::append_range(arguments, tensors);
  auto types = llvm::map_to_vector(arguments, [](const OpAsmParser::Argument &argument) { return argument.type; });
  state.addAttribute(getSymbolsAttrName(state.name), symbols);
  state.addAttribute(getFunctionTypeAttrName(state.name), TypeAttr::get(builder.getFunctionType(types, results)));
  call_interface_impl::addArgAndResultAttrs(builder, state, arguments, resultAttributes,
                                            getArgAttrsAttrName(state.name), getResAttrsAttrName(state.name));
  if (parser.parseOptionalAttrDictWithKeyword(state.attributes))
    return failure();
  return parser.parseRegion(*state.addRegion(), arguments);
}

void FuncOp::print(OpAsmPrinter &printer) {
  printer << ' ';
  printer.printSymbolName(getSymName());
  printSymbols(printer, *this, getSymbols());
  printer << '(';
  llvm::interleaveComma(getTensorArguments(), printer, [&](BlockArgument argument) {
    printer.printRegionArgument(argument, mlir::function_interface_impl::getArgAttrs(*this, argument.getArgNumber()));
  });
  printer << ')';
  if (!getResultTypes().empty()) {
    printer << " -> ";
    bool single = getResultTypes().size() == 1 && !getResAttrs();
    printer << (single ? "" : "(");
    for (auto [i, type] : llvm::enumerate(getResultTypes())) {
      printer << (i ? ", " : "") << type;
      if (ArrayAttr attributes = getResAttrsAttr())
        printer.printOptionalAttrDict(cast<DictionaryAttr>(attributes[i]).getValue());
    }
    printer << (single ? "" : ")");
  }
  function_interface_impl::printFunctionAttributes(
      printer, *this, {getSymbolsAttrName(), getFunctionTypeAttrName(), getArgAttrsAttrName(), getResAttrsAttrName()});
  printer << ' ';
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

void FuncOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  if (region.empty())
    return;
  unsigned position = 0;
  for (SymbolAttr symbol : getSymbols().getAsRange<SymbolAttr>())
    if (symbol.isRuntime())
      setName(region.getArgument(position++), symbol.getName());
  for (BlockArgument argument : getTensorArguments())
    if (auto name = getArgAttrOfType<StringAttr>(argument.getArgNumber(), attr::name))
      setName(argument, name);
}

//===- Checks -----------------------------------------------------------------------------------------------------===//

// func_c5
static LogicalResult verifyInouts(FuncOp func) {
  for (unsigned i = func.numRuntimeSymbols(); i < func.getNumArguments(); ++i) {
    Attribute attribute = func.getArgAttr(i, attr::inout);
    if (!attribute)
      continue;
    auto position = dyn_cast<IntegerAttr>(attribute);
    ArrayRef<Type> results = func.getResultTypes();
    if (!position || position.getInt() < 0 || position.getInt() >= int64_t(results.size()) ||
        results[position.getInt()] != func.getArgumentTypes()[i])
      return func.emitOpError("argument ") << i << " is inout, but no result of its type is named to be written back";
  }
  return success();
}

LogicalResult FuncOp::verify() {
  // func_c1
  llvm::SmallPtrSet<StringAttr, 8> seen;
  for (SymbolAttr symbol : getSymbols().getAsRange<SymbolAttr>()) {
    if (!seen.insert(symbol.getName()).second)
      return emitOpError("has the dim ") << symbol.getName().getValue() << " twice";
    for (const std::string &name : symbol.definition().symbols())
      if (SymbolAttr part = lookupSymbol(name); !part || (symbol != part && part.getKind() == SymbolKind::Computed))
        return emitOpError("has the dim ") << symbol.getName().getValue() << " of the size "
                                           << symbol.definition().str() << ", but " << name << " is no other dim of it";
    bool isNumber = symbol.getKind() == SymbolKind::Bounded || symbol.getKind() == SymbolKind::Static;
    if (isNumber && symbol.getValue() < 1)
      return emitOpError("has the dim ") << symbol.getName().getValue() << " of size or bound " << symbol.getValue()
                                         << ", which is below 1";
  }
  // func_c2
  unsigned numSymbols = numRuntimeSymbols();
  if (getArgumentTypes().size() < numSymbols)
    return emitOpError("has ") << numSymbols << " runtime dims and " << getArgumentTypes().size() << " arguments";
  for (auto [i, type] : llvm::enumerate(getArgumentTypes()))
    if (i < numSymbols ? !type.isIndex() : !isa<batten::TensorType>(type))
      return emitOpError("argument ") << i << " is " << type
                                      << ": an index for each runtime dim comes first, then tensors";
  if (!llvm::all_of(getResultTypes(), llvm::IsaPred<batten::TensorType>))
    return emitOpError("has a result that is no batten tensor");
  return verifyInouts(*this);
}

/// Batch dims are symbols, core dims polynomials over the bounded ones.
static LogicalResult verifyDimsOf(FuncOp func, Operation *op, Type type) {
  auto tensor = dyn_cast<batten::TensorType>(type);
  if (!tensor)
    return success();
  // func_c3
  for (StringAttr name : tensor.getBatch())
    if (!func.lookupSymbol(name))
      return op->emitOpError("has the batch dim ") << name.getValue() << ", but the function has no such dim";
  // func_c4
  for (const Dim &dim : tensor.coreDims())
    if (failed(verifyBounded(op, dim)))
      return failure();
  return success();
}

LogicalResult FuncOp::verifyRegions() {
  for (BlockArgument argument : getTensorArguments())
    if (failed(verifyDimsOf(*this, *this, argument.getType())))
      return failure();
  WalkResult result = getBody().walk([&](Operation *op) {
    return WalkResult(success(
        llvm::all_of(op->getResultTypes(), [&](Type type) { return succeeded(verifyDimsOf(*this, op, type)); })));
  });
  return failure(result.wasInterrupted());
}

LogicalResult ReturnOp::verify() {
  // return_c1
  auto func = cast<FuncOp>((*this)->getParentOp());
  if (!llvm::equal(getOperandTypes(), func.getResultTypes()))
    return emitOpError("returns other types than the function's results");
  return success();
}
