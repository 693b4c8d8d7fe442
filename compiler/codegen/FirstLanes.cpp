// FirstLanes.cpp - loads and stores of a vector's first lanes, in parts, where a level has no quick masks.
//
// Tails are masked. Below AVX-512 a masked store of floats takes 18 cycles on Zen 3, and of bytes and halves there is
// none, nor a load: LLVM makes a branch a lane of it, or of a known mask an instruction a lane. But so many first lanes
// are a part of 1, 2, 4, .. lanes for each bit of their number, the greatest part first. Where the number is known
// there is nothing else to it; where it is not, there is a branch a bit.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/Emit.h"
#include "llvm/Analysis/TargetTransformInfo.h"
#include "llvm/Analysis/VectorUtils.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

namespace batten {
namespace {

using llvm::Value;

/// An access to the first lanes of a vector, of which a power of two are in it.
class FirstLanes {
public:
  FirstLanes(llvm::IntrinsicInst *access, Value *memory, Value *vector)
      : b(access), access(access), memory(memory), type(llvm::cast<llvm::FixedVectorType>(vector->getType())),
        lanes(type->getNumElements()) {}

  Value *load(unsigned count);
  Value *load(Value *count);
  void store(Value *vector, unsigned count);
  void store(Value *vector, Value *count);

private:
  llvm::IRBuilder<> b;
  llvm::IntrinsicInst *access;
  Value *memory;
  llvm::FixedVectorType *type;
  unsigned lanes;

  Value *place(Value *lane) { return b.CreateGEP(type->getElementType(), memory, lane); }
  Value *loadPart(Value *lane, unsigned width) {
    auto *part = llvm::FixedVectorType::get(type->getElementType(), width);
    return b.CreateAlignedLoad(part, place(lane), llvm::Align(1));
  }
  void storePart(Value *part, Value *lane) { b.CreateAlignedStore(part, place(lane), llvm::Align(1)); }
  Value *shuffled(Value *low, Value *high, llvm::function_ref<unsigned(unsigned)> source, unsigned width) {
    return b.CreateShuffleVector(
        low, high, llvm::map_to_vector(llvm::seq(width), [&](unsigned lane) -> int { return int(source(lane)); }));
  }
  Value *joined(Value *low, Value *high, unsigned width) {
    return shuffled(low, high, [](unsigned lane) { return lane; }, 2 * width);
  }
  Value *slice(Value *vector, unsigned first, unsigned width) {
    return shuffled(vector, vector, [&](unsigned lane) { return first + lane; }, width);
  }
  Value *widened(Value *vector, unsigned width) { // by zeros
    unsigned there = llvm::cast<llvm::FixedVectorType>(vector->getType())->getNumElements();
    Value *zeros = llvm::Constant::getNullValue(vector->getType());
    return shuffled(vector, zeros, [&](unsigned lane) { return std::min(lane, there); }, width);
  }
  /// Where the part of `width` lanes begins, and whether it is there.
  Value *partBegin(Value *count, unsigned width) { return b.CreateAnd(count, -int64_t(2 * width)); }
  Value *isThere(Value *count, unsigned width) { return b.CreateIsNotNull(b.CreateAnd(count, width)); }
  Value *either(Value *flag, llvm::function_ref<Value *()> then, Value *otherwise);
};

/// The value of `then`, made in a block of its own, where `flag`; null values are none.
Value *FirstLanes::either(Value *flag, llvm::function_ref<Value *()> then, Value *otherwise) {
  llvm::BasicBlock *before = b.GetInsertBlock();
  llvm::Instruction *end = llvm::SplitBlockAndInsertIfThen(flag, access->getIterator(), /*Unreachable=*/false);
  b.SetInsertPoint(end);
  Value *value = then();
  b.SetInsertPoint(access);
  if (!value)
    return nullptr;
  llvm::PHINode *chosen = llvm::PHINode::Create(value->getType(), 2, "", access->getParent()->begin());
  chosen->addIncoming(value, end->getParent());
  chosen->addIncoming(otherwise, before);
  return chosen;
}

Value *FirstLanes::load(unsigned count) {
  Value *behind = nullptr; // the parts of the lower bits
  for (unsigned width = 1; width <= lanes; width *= 2) {
    if (!(count & width))
      continue;
    Value *part = loadPart(b.getInt64(count & -(2 * width)), width);
    behind = behind ? joined(part, widened(behind, width), width) : part;
  }
  return behind ? widened(behind, lanes) : llvm::Constant::getNullValue(type);
}

Value *FirstLanes::load(Value *count) {
  Value *behind = llvm::Constant::getNullValue(llvm::FixedVectorType::get(type->getElementType(), 1));
  for (unsigned width = 1; width < lanes; width *= 2) {
    Value *otherwise = widened(behind, 2 * width);
    auto withPart = [&] { return joined(loadPart(partBegin(count, width), width), behind, width); };
    behind = either(isThere(count, width), withPart, otherwise);
  }
  return either(isThere(count, lanes), [&] { return loadPart(b.getInt64(0), lanes); }, behind);
}

void FirstLanes::store(Value *vector, unsigned count) {
  unsigned done = 0;
  for (unsigned width = lanes; width > 0; width /= 2)
    if (count & width) {
      storePart(slice(vector, done, width), b.getInt64(done));
      done += width;
    }
}

void FirstLanes::store(Value *vector, Value *count) {
  auto storeAll = [&] {
    storePart(vector, b.getInt64(0));
    return nullptr;
  };
  either(isThere(count, lanes), storeAll, nullptr);
  for (unsigned width = lanes / 2; width > 0; width /= 2) {
    Value *low = slice(vector, 0, width), *high = slice(vector, width, width);
    auto storeLow = [&] {
      storePart(low, partBegin(count, width));
      return high;
    };
    vector = either(isThere(count, width), storeLow, low);
  }
}

/// The number of first lanes that a constant mask has; nullopt for any other mask.
std::optional<unsigned> knownCount(Value *mask) {
  auto *constant = llvm::dyn_cast<llvm::Constant>(mask);
  unsigned lanes = llvm::cast<llvm::FixedVectorType>(mask->getType())->getNumElements(), count = 0;
  for (unsigned lane = 0; lane < lanes; ++lane) {
    llvm::Constant *bit = constant ? constant->getAggregateElement(lane) : nullptr;
    if (!bit || !(bit->isZeroValue() || bit->isOneValue()) || (bit->isOneValue() && count < lane))
      return std::nullopt;
    count += bit->isOneValue();
  }
  return count;
}

bool isNumbering(Value *vector) {
  auto *constant = llvm::dyn_cast<llvm::ConstantDataVector>(vector);
  return constant && constant->getElementType()->isIntegerTy() &&
         llvm::all_of(llvm::seq(constant->getNumElements()),
                      [&](unsigned lane) { return constant->getElementAsInteger(lane) == lane; });
}

/// The same as an i64, at most that of all lanes, where the mask is `count > lane`; null for any other.
Value *countAtRun(Value *mask, llvm::IntrinsicInst *access) {
  auto *compare = llvm::dyn_cast<llvm::ICmpInst>(mask);
  if (!compare)
    return nullptr;
  bool isSwapped = isNumbering(compare->getOperand(0));
  auto predicate = isSwapped ? compare->getSwappedPredicate() : compare->getPredicate();
  Value *count = llvm::getSplatValue(compare->getOperand(isSwapped ? 1 : 0));
  bool isSigned = predicate == llvm::CmpInst::ICMP_SGT;
  if (!count || !isNumbering(compare->getOperand(isSwapped ? 0 : 1)) ||
      (!isSigned && predicate != llvm::CmpInst::ICMP_UGT))
    return nullptr;
  llvm::IRBuilder<> b(access);
  llvm::Type *type = count->getType();
  if (isSigned)
    count = b.CreateBinaryIntrinsic(llvm::Intrinsic::smax, count, llvm::ConstantInt::get(type, 0));
  unsigned lanes = llvm::cast<llvm::FixedVectorType>(mask->getType())->getNumElements();
  count = b.CreateBinaryIntrinsic(llvm::Intrinsic::umin, count, llvm::ConstantInt::get(type, lanes));
  return b.CreateZExt(count, b.getInt64Ty());
}

bool arePowerOfTwo(Value *mask) {
  return llvm::isPowerOf2_32(llvm::cast<llvm::FixedVectorType>(mask->getType())->getNumElements());
}

/// Masks of words are quick in loads, and in stores quicker than branches.
bool areWords(Value *vector) { return vector->getType()->getScalarSizeInBits() >= 32; }

void spellOutLoad(llvm::IntrinsicInst *load) {
  Value *mask = load->getArgOperand(1), *loaded = nullptr;
  auto *otherLanes = llvm::dyn_cast<llvm::Constant>(load->getArgOperand(2));
  if (areWords(load) || !arePowerOfTwo(mask) || !otherLanes || !otherLanes->isNullValue())
    return;
  if (std::optional<unsigned> known = knownCount(mask))
    loaded = FirstLanes(load, load->getArgOperand(0), load).load(*known);
  else if (Value *count = countAtRun(mask, load))
    loaded = FirstLanes(load, load->getArgOperand(0), load).load(count);
  if (!loaded)
    return;
  load->replaceAllUsesWith(loaded);
  load->eraseFromParent();
}

void spellOutStore(llvm::IntrinsicInst *store) {
  Value *vector = store->getArgOperand(0), *mask = store->getArgOperand(2), *count = nullptr;
  if (!arePowerOfTwo(mask))
    return;
  std::optional<unsigned> known = knownCount(mask);
  if (!known && !areWords(vector))
    count = countAtRun(mask, store);
  FirstLanes access(store, store->getArgOperand(1), vector);
  if (known)
    access.store(vector, *known);
  else if (count)
    access.store(vector, count);
  else
    return;
  store->eraseFromParent();
}

bool hasQuickMasks(const llvm::Function &function, llvm::TargetMachine &machine) {
  auto *bytes = llvm::FixedVectorType::get(llvm::Type::getInt8Ty(function.getContext()), 32);
  return machine.getTargetTransformInfo(function).isLegalMaskedStore(bytes, llvm::Align(1), /*AddressSpace=*/0);
}

} // namespace

void spellOutFirstLanes(llvm::Module &module, llvm::TargetMachine &machine) {
  for (llvm::Function &function : module) {
    llvm::SmallVector<llvm::IntrinsicInst *> loads, stores;
    for (llvm::Instruction &instruction : llvm::instructions(function))
      if (auto *call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction)) {
        if (call->getIntrinsicID() == llvm::Intrinsic::masked_load)
          loads.push_back(call);
        else if (call->getIntrinsicID() == llvm::Intrinsic::masked_store)
          stores.push_back(call);
      }
    if ((loads.empty() && stores.empty()) || hasQuickMasks(function, machine))
      continue;
    llvm::for_each(loads, spellOutLoad);
    llvm::for_each(stores, spellOutStore);
  }
}

} // namespace batten
