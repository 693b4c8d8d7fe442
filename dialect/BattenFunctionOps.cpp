// BattenFunctionOps.cpp - the text form and the checks of functions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Batten.h"

#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/FunctionImplementation.h"

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

std::map<std::string, Dim> FuncOp::staticSymbols() {
  std::map<std::string, Dim> values;
  for (SymbolAttr symbol : getSymbols().getAsRange<SymbolAttr>())
    if (symbol.getKind() == SymbolKind::Static)
      values[symbol.getName().str()] = Dim::constant(symbol.getValue());
  return values;
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
  if (parser.parseSymbolName(name, getSymNameAttrName(state.name), state.attributes) ||
      parseSymbols(parser, symbols) ||
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
      printer, *this,
      {getSymbolsAttrName(), getFunctionTypeAttrName(), getArgAttrsAttrName(), getResAttrsAttrName()});
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
