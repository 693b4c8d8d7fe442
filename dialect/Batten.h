// Batten.h - the batten dialect: the one header that its users include.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_BATTEN_H
#define BATTEN_DIALECT_BATTEN_H

#include "dialect/Dims.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <map>
#include <optional>
#include <string>

namespace batten {

enum class SymbolKind { Unbounded, Bounded, Static, Computed };
enum class ArgumentKind { Input, Result, Inout, Weight };

/// Names of the discardable attributes that this dialect puts on other things.
namespace attr {
// On the arguments of a batten.func, kept by the linalg form.
inline constexpr llvm::StringLiteral name = "batten.name";     // as in the source
inline constexpr llvm::StringLiteral weight = "batten.weight"; // path of a weight: blocks.3.mlp.up
inline constexpr llvm::StringLiteral from = "batten.from";     // its name in the weights file
inline constexpr llvm::StringLiteral path = "batten.path";     // leaf of a parameter tree
inline constexpr llvm::StringLiteral tree = "batten.tree";     // model of a parameter tree, one argument a leaf
inline constexpr llvm::StringLiteral inout = "batten.inout";   // i64: the result that is written back
inline constexpr llvm::StringLiteral scalar = "batten.scalar"; // a plain `f32`: passed by value
// On an entry of the linalg form, for its plan: what the C interface says of it.
inline constexpr llvm::StringLiteral arguments = "batten.arguments";     // array of #batten.argument, then the weights
inline constexpr llvm::StringLiteral independent = "batten.independent"; // batch symbols whose positions never meet
inline constexpr llvm::StringLiteral mixes = "batten.mixes";             // and for the others where they do
inline constexpr llvm::StringLiteral nonempty = "batten.nonempty";       // unbounded symbols that must not be 0
inline constexpr llvm::StringLiteral flops = "batten.flops";   // of a call before fusion, a polynomial as text; absent
inline constexpr llvm::StringLiteral bytes = "batten.bytes";   // where it is beyond 64 bits; and the bytes moved
inline constexpr llvm::StringLiteral layers = "batten.layers"; // array of #batten.layer, in the source's order
inline constexpr llvm::StringLiteral idRanges = "batten.id_ranges"; // array of #batten.id_range
// In the linalg form: on arguments and results, on operations, on groups and on calls of them.
inline constexpr llvm::StringLiteral symbol = "batten.symbol"; // of an index argument: the name of its symbol
inline constexpr llvm::StringLiteral dims = "batten.dims";     // of a tensor: its extents, polynomials as text
inline constexpr llvm::StringLiteral order = "batten.order";   // of a reduction: chain, pairs, lanes or blocks
inline constexpr llvm::StringLiteral lanes = "batten.lanes";   // unit: lane trees within the blocks
inline constexpr llvm::StringLiteral kind = "batten.kind";     // GroupKind
inline constexpr llvm::StringLiteral split = "batten.split";   // i64: leading dims of a rows group that number rows
inline constexpr llvm::StringLiteral needed = "batten.needed"; // of a pack: 1 where the call needs it, else 0
inline constexpr llvm::StringLiteral resultDims = "batten.result_dims"; // of a call: dims of each result
inline constexpr llvm::StringLiteral kernel = "batten.kernel";          // unit: a function that launches call
inline constexpr llvm::StringLiteral builder = "batten.builder";        // which builder made the kernel
// On the module.
inline constexpr llvm::StringLiteral program = "batten.program";            // name, prefix of every C symbol
inline constexpr llvm::StringLiteral programBytes = "batten.program_bytes"; // i64: memory of the bound program
inline constexpr llvm::StringLiteral weights = "batten.weights";            // array of #batten.argument, header order
inline constexpr llvm::StringLiteral level = "batten.level";                // LLVM CPU name; also on kernels
inline constexpr llvm::StringLiteral source = "batten.source";              // file name as on the command line
inline constexpr llvm::StringLiteral sourceHash = "batten.source_hash";
} // namespace attr

/// The polynomial that an attribute of a verified op or type holds.
Dim toDim(mlir::Attribute text);
/// What the symbols that are no arguments stand for, over those that are: H is 8, N is T - 1.
std::map<std::string, Dim> definitionsOf(mlir::ArrayAttr symbols);
/// The greatest value of every bounded symbol among `symbols` (SymbolAttr).
std::map<std::string, int64_t> upperBounds(mlir::ArrayAttr symbols);
llvm::SmallVector<Dim> toDims(mlir::ArrayAttr texts);
/// Product of dims.
Dim product(llvm::ArrayRef<Dim> dims);
/// True for the text of a polynomial in normal form: what Dim::str() prints.
bool isDimText(mlir::StringAttr text);

/// Element types. A number is a float or an integer, but not a bool.
bool isFloat(mlir::Type element);
bool isInteger(mlir::Type element);
bool isNumber(mlir::Type element);
bool isBool(mlir::Type element);
/// "f32", "u8", "bool": as the source spells it.
std::string dtypeName(mlir::Type element);
/// What sums and products of this element type are accumulated in (R9).
mlir::Type accumulatorType(mlir::Type element);

/// Core rank of operand `i` in `(i),(o,i),(o)->(o)`; nullopt for `(..)`, for several signatures, for operands beyond.
std::optional<unsigned> coreRankIn(llvm::StringRef signature, unsigned i);

/// Bytes of every tensor among the operands and results.
Dim bytesOfValues(mlir::Operation *op);
/// The default of BatchedOp::verifyBatch, see there.
llvm::LogicalResult verifyLifted(mlir::Operation *op);
/// True if `list` is `of` with some entries left out.
bool isSublist(llvm::ArrayRef<mlir::StringAttr> list, llvm::ArrayRef<mlir::StringAttr> of);

class BatchedOp;
llvm::LogicalResult verifyBatched(BatchedOp op);

} // namespace batten

#include "dialect/BattenDialect.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialect/BattenTypes.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialect/BattenAttrs.h.inc"

namespace batten {
/// `B`, `T <= 2048`, `H = 8` or `N = "T - 1"`.
mlir::ParseResult parseSymbol(mlir::AsmParser &parser, SymbolAttr &symbol);
void printSymbol(mlir::AsmPrinter &printer, SymbolAttr symbol);
/// `[B, T <= 2048, H = 8]`, of functions and plans.
mlir::ParseResult parseSymbols(mlir::OpAsmParser &parser, mlir::ArrayAttr &symbols);
void printSymbols(mlir::OpAsmPrinter &printer, mlir::Operation *op, mlir::ArrayAttr symbols);
} // namespace batten

#include "dialect/BattenInterfaces.h.inc"

#define GET_OP_CLASSES
#include "dialect/BattenOps.h.inc"

#endif // BATTEN_DIALECT_BATTEN_H
