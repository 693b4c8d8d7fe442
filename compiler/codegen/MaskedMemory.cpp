// MaskedMemory.cpp - masked loads and stores, in forms that LLVM 22 does not compile to accesses beyond their lanes.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/Emit.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"

namespace batten {

/// The one lane that a constant mask has; nullopt for any other mask.
static std::optional<unsigned> singleLane(llvm::Value *mask) {
  auto *constant = llvm::dyn_cast<llvm::Constant>(mask);
  auto *type = llvm::dyn_cast<llvm::FixedVectorType>(mask->getType());
  std::optional<unsigned> found;
  for (unsigned lane = 0; constant && type && lane < type->getNumElements(); ++lane) {
    llvm::Constant *bit = constant->getAggregateElement(lane);
    if (bit && bit->isZeroValue())
      continue;
    if (!bit || !bit->isOneValue() || found)
      return std::nullopt;
    found = lane;
  }
  return found;
}

/// LLVM 22 turns a truncation and a masked store of one known lane into a store of the untruncated element, which
/// writes beyond its place with AVX-512. A plain store of the element is what was meant.
static void storeSingleLane(llvm::IntrinsicInst *store) {
  std::optional<unsigned> lane = singleLane(store->getArgOperand(2));
  if (!lane)
    return;
  llvm::IRBuilder<> b(store);
  llvm::Value *element = b.CreateExtractElement(store->getArgOperand(0), *lane);
  llvm::Value *place = b.CreateConstGEP1_64(element->getType(), store->getArgOperand(1), *lane);
  b.CreateAlignedStore(element, place, llvm::Align(1));
  store->eraseFromParent();
}

/// Whether the lanes of something computed from `load` are then selected: an instruction under a mask.
static bool meetsMask(llvm::Instruction *load) {
  for (llvm::User *user : load->users())
    for (llvm::User *next : user->users())
      if (auto *select = llvm::dyn_cast<llvm::SelectInst>(next);
          select && select->getCondition()->getType()->isVectorTy())
        return true;
  return false;
}

/// LLVM 22 folds a load under a mask into an arithmetic instruction under the same mask, and where the result needs
/// another register than the first operand's takes the load out again without its mask
/// (X86InstrInfo::unfoldMemoryOperand): it then reads lanes that are not the program's, beyond the end of a buffer. A
/// fence of arithmetic, which is no instruction, keeps the two apart. It is for floating-point numbers alone, so other
/// lanes pass it as if they were such.
static void keepApart(llvm::IntrinsicInst *load) {
  auto *type = llvm::cast<llvm::FixedVectorType>(load->getType());
  uint64_t bits = type->getPrimitiveSizeInBits();
  if (!meetsMask(load) || bits % 32)
    return;
  llvm::IRBuilder<> b(load->getNextNode());
  llvm::Type *element = type->getElementType();
  bool isFloat = element->isFloatTy() || element->isDoubleTy();
  llvm::Type *carrier = isFloat ? type : llvm::FixedVectorType::get(b.getFloatTy(), unsigned(bits / 32));
  llvm::SmallVector<llvm::Use *> uses(llvm::make_pointer_range(load->uses()));
  llvm::Value *fenced = b.CreateArithmeticFence(b.CreateBitCast(load, carrier), carrier);
  llvm::Value *result = b.CreateBitCast(fenced, type);
  for (llvm::Use *use : uses)
    use->set(result);
}

void mendMaskedMemory(llvm::Module &module) {
  for (llvm::Function &function : module)
    for (llvm::Instruction &instruction : llvm::make_early_inc_range(llvm::instructions(function))) {
      auto *call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
      if (call && call->getIntrinsicID() == llvm::Intrinsic::masked_store)
        storeSingleLane(call);
      else if (call && call->getIntrinsicID() == llvm::Intrinsic::masked_load)
        keepApart(call);
    }
}

} // namespace batten
