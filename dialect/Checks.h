// Checks.h - what the verifiers of several op families share. Private to the dialect.
//
// Two dims agree if their normal forms are equal; if not, a guard of the function may make them so at entry, which only
// the front end, knowing all the equations, can prove. So where a function has an equality among its guards the
// verifier refuses only what is different for certain.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_CHECKS_H
#define BATTEN_DIALECT_CHECKS_H

#include "dialect/Batten.h"

namespace batten {

inline TensorType tensorType(mlir::Value value) { return llvm::cast<TensorType>(value.getType()); }

/// True unless the two dims differ for certain, seen from `op`.
bool agree(mlir::Operation *op, const Dim &lhs, const Dim &rhs);
bool agree(mlir::Operation *op, llvm::ArrayRef<Dim> lhs, llvm::ArrayRef<Dim> rhs);

/// The polynomial is over bounded symbols of the function around `op`.
llvm::LogicalResult verifyBounded(mlir::Operation *op, const Dim &dim);

/// "[3, T]", as in a message.
std::string listText(llvm::ArrayRef<Dim> dims);
std::string listText(llvm::ArrayRef<mlir::StringAttr> batch);

/// One operation an element of the result.
Dim oneOperationEach(mlir::Operation *op);

/// All have one dtype.
llvm::LogicalResult verifyEqualDtypes(mlir::Operation *op, mlir::ValueRange operands);
/// The result has the dtype, the core, or both, of operand 0.
llvm::LogicalResult verifyDtypeKept(mlir::Operation *op);
llvm::LogicalResult verifyCoreKept(mlir::Operation *op);

/// A sum of products may be kept in another dtype (`out:`, integers' i32), but floats stay floats. The bias, if there
/// is one, has the dtype of the operands or of the result.
llvm::LogicalResult verifyProductDtypes(mlir::Operation *op, mlir::Value lhs, mlir::Value rhs, mlir::Value bias = {});

// Families of the element-wise ops; the labels of their checks are op_c1 and op_c2 for each op of the family.
llvm::LogicalResult verifyUnary(mlir::Operation *op);
llvm::LogicalResult verifyBinary(mlir::Operation *op);
llvm::LogicalResult verifyCompare(mlir::Operation *op);

// softmax and log_softmax.
llvm::LogicalResult verifySoftmax(mlir::Operation *op, int64_t dim);

// max_pool2d and avg_pool2d.
llvm::LogicalResult verifyPool(mlir::Operation *op, int64_t k, int64_t stride);

} // namespace batten

#endif // BATTEN_DIALECT_CHECKS_H
