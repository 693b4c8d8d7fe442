// CodeBuilder.h - LLVM dialect operations at one place, in the words of the entry functions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_CODEGEN_CODEBUILDER_H
#define BATTEN_COMPILER_CODEGEN_CODEBUILDER_H

#include "dialect/Dims.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include <map>

namespace batten {

class CodeBuilder {
public:
  /// Functions go to the end of `module`.
  explicit CodeBuilder(mlir::ModuleOp module);

  mlir::Value number(int64_t value);
  mlir::Value isEqual(mlir::Value x, int64_t value);
  mlir::Value null();
  mlir::Value add(mlir::Value x, mlir::Value y);
  mlir::Value subtract(mlir::Value x, mlir::Value y);
  mlir::Value multiply(mlir::Value x, mlir::Value y);
  mlir::Value greater(mlir::Value x, mlir::Value y);
  mlir::Value roundUp(mlir::Value x); ///< to a multiple of 64
  /// A dim polynomial of the sizes in `symbols`, without looking for overflow.
  mlir::Value size(const Dim &dim, const std::map<std::string, mlir::Value> &symbols);

  mlir::Value at(mlir::Value base, mlir::Value bytes);
  mlir::Value at(mlir::Value base, int64_t bytes);
  /// `address`, or `otherwise` where `pointer` is NULL.
  mlir::Value unlessNull(mlir::Value pointer, mlir::Value address, mlir::Value otherwise);
  mlir::Value load(mlir::Type type, mlir::Value address);
  void store(mlir::Value value, mlir::Value address);
  /// `count` 64-bit words on the stack; only in an entry block, or a loop would grow the stack.
  mlir::Value words(int64_t count);
  mlir::Value addressOf(llvm::StringRef symbol);
  mlir::Value cycles(); ///< of the time-stamp counter

  mlir::LLVM::LLVMFuncOp declareFunction(llvm::StringRef name, llvm::ArrayRef<mlir::Type> inputs, mlir::Type output);
  /// A function with its entry block, where the builder then stands.
  mlir::LLVM::LLVMFuncOp beginFunction(const llvm::Twine &name, llvm::ArrayRef<mlir::Type> inputs, mlir::Type output,
                                       bool isPublic);
  /// The result, or null of a void function.
  mlir::Value call(mlir::LLVM::LLVMFuncOp function, mlir::ValueRange arguments);
  void give(mlir::ValueRange value);
  /// An empty block at the function's end, to go to.
  mlir::Block *block();
  void goTo(mlir::Block *target);
  /// Goes on in a block of its own; to `otherwise` where `condition` does not hold.
  void goOnIf(mlir::Value condition, mlir::Block *otherwise);
  /// Returns `result`, an i32, from the function unless it is 0, and goes on.
  void giveUnlessZero(mlir::Value result);

  mlir::OpBuilder b;
  mlir::Location loc;
  mlir::Type i32, i64, pointer, none;

private:
  mlir::ModuleOp module;
  /// Floor division or its remainder, of a positive divisor.
  mlir::Value divide(mlir::Value x, mlir::Value y, bool remainder);
};

} // namespace batten
#endif // BATTEN_COMPILER_CODEGEN_CODEBUILDER_H
