// Versions.cpp - see Versions.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/schedule/Versions.h"
#include "dialect/Batten.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace batten {

static void nameByLevel(ModuleOp version, StringAttr level) {
  std::string suffix = "." + level.str();
  llvm::replace(suffix, '-', '_'); // which assemblers take without quotes
  auto renamed = [&](StringAttr name) { return StringAttr::get(name.getContext(), name.getValue() + suffix); };
  AttrTypeReplacer uses;
  uses.addReplacement([&](FlatSymbolRefAttr use) { return FlatSymbolRefAttr::get(renamed(use.getAttr())); });
  uses.recursivelyReplaceElementsIn(version);
  for (auto symbol : version.getOps<SymbolOpInterface>()) {
    symbol.setName(renamed(symbol.getNameAttr()));
    symbol->setAttr(attr::level, level);
  }
}

OwningOpRef<ModuleOp> mergeVersions(std::vector<OwningOpRef<ModuleOp>> versions) {
  if (versions.size() == 1)
    return std::move(versions[0]);
  SmallVector<StringRef> levels;
  int64_t programBytes = 0;
  for (OwningOpRef<ModuleOp> &version : versions) {
    auto level = (*version)->getAttrOfType<StringAttr>(attr::level);
    levels.push_back(level.getValue());
    programBytes = std::max(programBytes, (*version)->getAttrOfType<IntegerAttr>(attr::programBytes).getInt());
    nameByLevel(*version, level);
  }
  ModuleOp merged = *versions[0];
  for (OwningOpRef<ModuleOp> &version : llvm::drop_begin(versions))
    merged.getBody()->getOperations().splice(merged.getBody()->end(), version->getBody()->getOperations());
  Builder b(merged.getContext());
  merged->setAttr(attr::level, b.getStringAttr(llvm::join(levels, ",")));
  merged->setAttr(attr::programBytes, b.getI64IntegerAttr(programBytes));
  return std::move(versions[0]);
}

} // namespace batten
