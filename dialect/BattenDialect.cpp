// BattenDialect.cpp - registration, and the text form of the type and the attributes.
//
// In `[B, T | 512, "3*T"]` a polynomial other than a number or a symbol is quoted; it is brought into normal form when
// read, so that equal dims are equal attributes from there on.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Batten.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace batten;

#include "dialect/BattenDialect.cpp.inc"
#include "dialect/BattenInterfaces.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialect/BattenTypes.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialect/BattenAttrs.cpp.inc"

void BattenDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialect/BattenTypes.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialect/BattenAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialect/BattenOps.cpp.inc"
      >();
}

Operation *BattenDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type, Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements || elements.getType() != type)
    return nullptr;
  return ConstantOp::create(builder, loc, type, elements);
}

//===- Dims as attributes -----------------------------------------------------------------------------------------===//

Dim batten::toDim(Attribute text) { return Dim::parse(cast<StringAttr>(text).getValue()).value_or(Dim::overflow()); }

std::map<std::string, Dim> batten::definitionsOf(ArrayAttr symbols) {
  std::map<std::string, Dim> values;
  for (auto symbol : symbols.getAsRange<SymbolAttr>())
    if (symbol.getKind() == SymbolKind::Static)
      values[symbol.getName().str()] = symbol.definition();
  std::map<std::string, Dim> numbers = values; // a version of fixed size has numbers where the others have arguments
  for (auto symbol : symbols.getAsRange<SymbolAttr>())
    if (symbol.getKind() == SymbolKind::Computed)
      values[symbol.getName().str()] = symbol.definition().substitute(numbers);
  return values;
}

std::map<std::string, int64_t> batten::upperBounds(ArrayAttr symbols) {
  std::map<std::string, int64_t> bounds;
  for (auto symbol : symbols.getAsRange<SymbolAttr>())
    if (symbol.getKind() == SymbolKind::Bounded)
      bounds[symbol.getName().str()] = symbol.getValue();
  return bounds;
}

SmallVector<Dim> batten::toDims(ArrayAttr texts) {
  return llvm::map_to_vector(texts, [](Attribute text) { return toDim(text); });
}

Dim batten::product(ArrayRef<Dim> dims) {
  Dim result = Dim::constant(1);
  for (const Dim &dim : dims)
    result = result * dim;
  return result;
}

bool batten::isDimText(StringAttr text) {
  std::optional<Dim> dim = Dim::parse(text.getValue());
  return dim && !dim->overflowed() && dim->str() == text.getValue();
}

//===- Element types ----------------------------------------------------------------------------------------------===//

bool batten::isFloat(Type element) { return isa<Float64Type, Float32Type, Float16Type, BFloat16Type>(element); }

bool batten::isInteger(Type element) {
  return element.isSignlessInteger(64) || element.isSignlessInteger(32) || element.isSignlessInteger(8) ||
         element.isUnsignedInteger(8);
}

bool batten::isNumber(Type element) { return isFloat(element) || isInteger(element); }
bool batten::isBool(Type element) { return element.isSignlessInteger(1); }

std::string batten::dtypeName(Type element) {
  if (isBool(element))
    return "bool";
  if (element.isUnsignedInteger(8))
    return "u8";
  std::string text;
  llvm::raw_string_ostream(text) << element;
  return text;
}

Type batten::accumulatorType(Type element) {
  if (isFloat(element))
    return element.isF64() ? element : Float32Type::get(element.getContext());
  return element.isSignlessInteger(64) ? element : IntegerType::get(element.getContext(), 32);
}

//===- !batten.tensor ---------------------------------------------------------------------------------------------===//

SmallVector<int64_t> batten::TensorType::shapeOf(ArrayRef<StringAttr> batch, ArrayRef<StringAttr> core) {
  SmallVector<int64_t> shape(batch.size(), ShapedType::kDynamic);
  for (StringAttr text : core)
    shape.push_back(toDim(text).constantValue().value_or(ShapedType::kDynamic));
  return shape;
}

SmallVector<StringAttr> batten::TensorType::coreTexts(MLIRContext *context, ArrayRef<Dim> core) {
  return llvm::map_to_vector(core, [&](const Dim &dim) { return StringAttr::get(context, dim.str()); });
}

Dim batten::TensorType::coreDim(unsigned position) const { return toDim(getCore()[position]); }

SmallVector<Dim> batten::TensorType::coreDims() const {
  return llvm::map_to_vector(getCore(), [](StringAttr text) { return toDim(text); });
}

SmallVector<Dim> batten::TensorType::dims() const {
  auto dims = llvm::map_to_vector(getBatch(), [](StringAttr name) { return Dim::symbol(name.str()); });
  llvm::append_range(dims, coreDims());
  return dims;
}

Dim batten::TensorType::numElements() const { return product(dims()); }
Dim batten::TensorType::coreElements() const { return product(coreDims()); }
int64_t batten::TensorType::elementBytes() const { return (getElementType().getIntOrFloatBitWidth() + 7) / 8; }

bool batten::TensorType::hasBatch(StringRef symbol) const {
  return llvm::any_of(getBatch(), [&](StringAttr name) { return name.getValue() == symbol; });
}

batten::TensorType batten::TensorType::withElementType(Type elementType) const {
  return get(elementType, getBatch(), getCore());
}

// A new shape keeps the symbols only where it has dynamic dims in the same places: no symbol may come to name a number.
ShapedType batten::TensorType::cloneWith(std::optional<ArrayRef<int64_t>> shape, Type elementType) const {
  if (!shape || *shape == getShape())
    return withElementType(elementType);
  SmallVector<StringAttr> core;
  for (int64_t extent : *shape)
    core.push_back(StringAttr::get(getContext(), ShapedType::isDynamic(extent) ? "?" : std::to_string(extent)));
  return get(elementType, ArrayRef<StringAttr>(), core);
}

LogicalResult batten::TensorType::verify(function_ref<InFlightDiagnostic()> emitError, Type elementType,
                                         ArrayRef<StringAttr> batch, ArrayRef<StringAttr> core,
                                         ArrayRef<int64_t> shape) {
  // tensor_c1
  if (!isNumber(elementType) && !isBool(elementType))
    return emitError() << "element type " << elementType << " is none of f64 f32 f16 bf16 i64 i32 i8 ui8 i1";
  // tensor_c2
  llvm::SmallPtrSet<StringAttr, 4> seen;
  for (StringAttr name : batch)
    if (!seen.insert(name).second)
      return emitError() << "batch dim " << name.getValue() << " stands twice";
  // tensor_c3
  for (StringAttr text : core) {
    if (!isDimText(text))
      return emitError() << "core dim \"" << text.getValue() << "\" is not a dim polynomial in normal form";
    if (toDim(text).constantValue().value_or(0) < 0)
      return emitError() << "core dim " << text.getValue() << " is negative";
  }
  return success();
}

/// One polynomial: an integer, a symbol, or a quoted text that is brought into normal form.
static ParseResult parseDim(AsmParser &parser, StringAttr &text) {
  int64_t number;
  if (OptionalParseResult result = parser.parseOptionalInteger(number); result.has_value()) {
    text = parser.getBuilder().getStringAttr(std::to_string(number));
    return *result;
  }
  SMLoc loc = parser.getCurrentLocation();
  std::string written;
  if (parser.parseKeywordOrString(&written))
    return failure();
  std::optional<Dim> dim = Dim::parse(written);
  if (!dim || dim->overflowed())
    return parser.emitError(loc, "'") << written << "' is not a dim polynomial";
  text = parser.getBuilder().getStringAttr(dim->str());
  return success();
}

static void printDim(AsmPrinter &printer, StringAttr text) {
  if (toDim(text).isConstant())
    printer << text.getValue();
  else
    printer.printKeywordOrString(text);
}

// tensor = "<" element "[" [ symbol { "," symbol } ] "|" [ dim { "," dim } ] "]" ">"
Type batten::TensorType::parse(AsmParser &parser) {
  Type elementType;
  SmallVector<StringAttr> batch, core;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parser.parseType(elementType) || parser.parseLSquare())
    return {};
  std::string name;
  if (succeeded(parser.parseOptionalKeywordOrString(&name))) {
    batch.push_back(parser.getBuilder().getStringAttr(name));
    while (succeeded(parser.parseOptionalComma())) {
      if (parser.parseKeywordOrString(&name))
        return {};
      batch.push_back(parser.getBuilder().getStringAttr(name));
    }
  }
  if (parser.parseVerticalBar())
    return {};
  if (failed(parser.parseOptionalRSquare()))
    if (parser.parseCommaSeparatedList([&] { return parseDim(parser, core.emplace_back()); }) || parser.parseRSquare())
      return {};
  if (parser.parseGreater())
    return {};
  return parser.getChecked<TensorType>(loc, elementType, batch, core);
}

void batten::TensorType::print(AsmPrinter &printer) const {
  printer << '<' << getElementType() << '[';
  llvm::interleaveComma(getBatch(), printer, [&](StringAttr name) { printer.printKeywordOrString(name); });
  printer << (getBatch().empty() ? "|" : " |") << (getCore().empty() ? "" : " ");
  llvm::interleaveComma(getCore(), printer, [&](StringAttr text) { printDim(printer, text); });
  printer << "]>";
}

//===- #batten.symbol ---------------------------------------------------------------------------------------------===//

Dim SymbolAttr::definition() const {
  if (getKind() == SymbolKind::Static)
    return Dim::constant(getValue());
  return getKind() == SymbolKind::Computed ? toDim(getSize()) : Dim::symbol(getName().str());
}

/// What stands behind `=`: a number is static, a polynomial computed.
static ParseResult parseDefinition(AsmParser &parser, StringAttr name, SymbolAttr &symbol) {
  StringAttr text;
  if (parseDim(parser, text))
    return failure();
  std::optional<int64_t> number = toDim(text).constantValue();
  symbol = SymbolAttr::get(parser.getContext(), name, number ? SymbolKind::Static : SymbolKind::Computed,
                           number.value_or(0), number ? StringAttr() : text);
  return success();
}

static void printDefinition(AsmPrinter &printer, SymbolAttr symbol, StringRef bound) {
  printer.printKeywordOrString(symbol.getName());
  if (symbol.getKind() == SymbolKind::Bounded)
    printer << bound << symbol.getValue();
  else if (symbol.getKind() == SymbolKind::Static)
    printer << " = " << symbol.getValue();
  else if (symbol.getKind() == SymbolKind::Computed)
    printDim(printer << " = ", symbol.getSize());
}

// symbol = name [ "<" "=" integer | "=" dim ]
ParseResult batten::parseSymbol(AsmParser &parser, SymbolAttr &symbol) {
  std::string written;
  if (parser.parseKeywordOrString(&written))
    return failure();
  StringAttr name = parser.getBuilder().getStringAttr(written);
  if (succeeded(parser.parseOptionalEqual()))
    return parseDefinition(parser, name, symbol);
  bool isBounded = succeeded(parser.parseOptionalLess());
  int64_t value = 0;
  if (isBounded && (parser.parseEqual() || parser.parseInteger(value)))
    return failure();
  symbol = SymbolAttr::get(parser.getContext(), name, isBounded ? SymbolKind::Bounded : SymbolKind::Unbounded, value,
                           StringAttr());
  return success();
}

void batten::printSymbol(AsmPrinter &printer, SymbolAttr symbol) { printDefinition(printer, symbol, " <= "); }

// As an attribute a bound is written `<T max 2048>`: MLIR wants balanced `<` inside one.
Attribute SymbolAttr::parse(AsmParser &parser, Type) {
  std::string written;
  if (parser.parseLess() || parser.parseKeywordOrString(&written))
    return {};
  StringAttr name = parser.getBuilder().getStringAttr(written);
  SymbolAttr symbol;
  if (succeeded(parser.parseOptionalEqual()))
    return failed(parseDefinition(parser, name, symbol)) || parser.parseGreater() ? SymbolAttr() : symbol;
  bool isBounded = succeeded(parser.parseOptionalKeyword("max"));
  int64_t value = 0;
  if ((isBounded && parser.parseInteger(value)) || parser.parseGreater())
    return {};
  return get(parser.getContext(), name, isBounded ? SymbolKind::Bounded : SymbolKind::Unbounded, value, StringAttr());
}

void SymbolAttr::print(AsmPrinter &printer) const {
  printer << '<';
  printDefinition(printer, *this, " max ");
  printer << '>';
}

//===- #batten.argument -------------------------------------------------------------------------------------------===//

static constexpr StringLiteral argumentKinds[] = {"input", "result", "inout", "weight"};

static ParseResult parseArgumentKind(AsmParser &parser, ArgumentKind &kind) {
  StringRef word;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseKeyword(&word))
    return failure();
  const auto *found = llvm::find(argumentKinds, word);
  if (found == std::end(argumentKinds))
    return parser.emitError(loc, "expected input, result, inout or weight");
  kind = static_cast<ArgumentKind>(found - argumentKinds);
  return success();
}

// argument = "<" "name" "=" string "," "type" "=" type "," "kind" "=" kind
//            { "," ( "path" "=" string | "from" "=" string | "tree" "=" string | "scalar" ) } ">"
Attribute ArgumentAttr::parse(AsmParser &parser, Type) {
  std::string name, path, from, tree;
  batten::TensorType type;
  ArgumentKind kind;
  bool scalar = false;
  if (parser.parseLess() || parser.parseKeyword("name") || parser.parseEqual() || parser.parseString(&name) ||
      parser.parseComma() || parser.parseKeyword("type") || parser.parseEqual() || parser.parseType(type) ||
      parser.parseComma() || parser.parseKeyword("kind") || parser.parseEqual() || parseArgumentKind(parser, kind))
    return {};
  while (succeeded(parser.parseOptionalComma())) {
    StringRef key;
    if (parser.parseKeyword(&key))
      return {};
    scalar |= key == "scalar";
    if (key == "scalar")
      continue;
    std::string *value = key == "path" ? &path : key == "from" ? &from : key == "tree" ? &tree : nullptr;
    if (!value) {
      parser.emitError(parser.getCurrentLocation(), "expected path, from, tree or scalar");
      return {};
    }
    if (parser.parseEqual() || parser.parseString(value))
      return {};
  }
  if (parser.parseGreater())
    return {};
  Builder &builder = parser.getBuilder();
  return get(parser.getContext(), builder.getStringAttr(name), type, kind, builder.getStringAttr(path),
             builder.getStringAttr(from), builder.getStringAttr(tree), scalar);
}

void ArgumentAttr::print(AsmPrinter &printer) const {
  printer << "<name = " << getName() << ", type = " << getType()
          << ", kind = " << argumentKinds[static_cast<int>(getKind())];
  if (!getPath().empty())
    printer << ", path = " << getPath();
  if (!getFrom().empty())
    printer << ", from = " << getFrom();
  if (!getTree().empty())
    printer << ", tree = " << getTree();
  printer << (getScalar() ? ", scalar>" : ">");
}

//===- Discardable attributes -------------------------------------------------------------------------------------===//

LogicalResult BattenDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  if (!isa<ModuleOp>(op))
    return success();
  StringRef name = attribute.getName();
  if (name == attr::weights) {
    auto array = dyn_cast<ArrayAttr>(attribute.getValue());
    if (!array || !llvm::all_of(array, llvm::IsaPred<ArgumentAttr>))
      return op->emitError() << "`" << name << "` needs an array of #batten.argument";
  } else if (name == attr::programBytes) {
    if (!isa<IntegerAttr>(attribute.getValue()))
      return op->emitError() << "`" << name << "` needs an integer";
  } else if (name == attr::program || name == attr::level || name == attr::source || name == attr::sourceHash) {
    if (!isa<StringAttr>(attribute.getValue()))
      return op->emitError() << "`" << name << "` needs a string";
  }
  return success();
}
