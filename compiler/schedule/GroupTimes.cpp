// GroupTimes.cpp - when an operation is computed: at the bind or in each call; see Grouping.h and dialect/AtBind.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/schedule/Grouping.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace batten {
namespace {

class TimeReader {
public:
  explicit TimeReader(func::FuncOp entry) : entry(entry) {
    for (BlockArgument argument : entry.getArguments())
      if (entry.getArgAttr(argument.getArgNumber(), attr::weight))
        weights.insert(argument);
  }

  OperationTimes run() {
    llvm::SmallDenseSet<Value> returned;
    for (Value value : entry.getBody().front().getTerminator()->getOperands())
      returned.insert(throughReshapes(value));
    for (Operation &op : entry.getBody().front().without_terminator()) {
      bool isWritten = isa<UpdateRowsOp>(op) ||
                       llvm::any_of(op.getResults(), [&](Value result) { return returned.contains(result); });
      times[&op] = isWritten ? OperationTime::Call : latestOf(&op);
    }
    return std::move(times);
  }

private:
  func::FuncOp entry;
  llvm::SmallDenseSet<Value> weights;
  OperationTimes times;

  OperationTime timeOf(Value value) const {
    if (Operation *op = value.getDefiningOp())
      return times.lookup(op);
    return weights.contains(value) ? OperationTime::Bind : OperationTime::Call;
  }

  OperationTime latestOf(Operation *op) const {
    OperationTime latest = OperationTime::Any;
    for (Value operand : op->getOperands())
      latest = std::max(latest, timeOf(operand));
    llvm::SetVector<Value> captured; // a region may read scalars from outside
    getUsedValuesDefinedAbove(op->getRegions(), captured);
    for (Value value : captured)
      latest = std::max(latest, timeOf(value));
    return latest;
  }
};

} // namespace

OperationTimes timesOf(func::FuncOp entry) { return TimeReader(entry).run(); }

bool Grouping::haveOneTime(Operation *op, const Group &group) const {
  OperationTime mine = times.lookup(op);
  return mine == OperationTime::Any || llvm::all_of(group.operations, [&](Operation *each) {
           OperationTime time = times.lookup(each);
           return time == OperationTime::Any || time == mine;
         });
}

} // namespace batten
