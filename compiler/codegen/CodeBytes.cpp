// CodeBytes.cpp - see CodeBytes.h.
//
// The description is compiled beside the kernels, before anybody knows how long they become, so its table of their
// lengths is filled in the object.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/CodeBytes.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/Endian.h"

namespace batten {

using Elf = llvm::object::ELF64LEFile;

std::string codeSection(const CpuLevel &level) { return ".text." + level.name; }

static llvm::Expected<std::vector<int64_t>> sizesOf(llvm::StringRef object, llvm::ArrayRef<CpuLevel> levels) {
  llvm::Expected<Elf> file = Elf::create(object);
  auto sections = file ? file->sections() : file.takeError();
  if (!sections)
    return sections.takeError();
  std::vector<int64_t> sizes(levels.size(), 0);
  for (const Elf::Elf_Shdr &section : *sections) {
    auto name = file->getSectionName(section);
    if (!name)
      return name.takeError();
    for (auto [level, size] : llvm::zip(levels, sizes))
      size += *name == codeSection(level) ? int64_t(section.sh_size) : 0;
  }
  return sizes;
}

std::optional<std::vector<int64_t>> codeBytes(llvm::StringRef object, llvm::ArrayRef<CpuLevel> levels,
                                              std::string &error) {
  llvm::Expected<std::vector<int64_t>> sizes = sizesOf(object, levels);
  if (sizes)
    return *sizes;
  error = "internal error: the object cannot be measured: " + llvm::toString(sizes.takeError());
  return std::nullopt;
}

/// Where in the file the symbol's bytes are.
static llvm::Expected<uint64_t> offsetOf(llvm::StringRef object, llvm::StringRef wanted) {
  auto file = llvm::object::ELF64LEObjectFile::create(llvm::MemoryBufferRef(object, "object"));
  if (!file)
    return file.takeError();
  for (const llvm::object::ELFSymbolRef symbol : file->symbols()) {
    auto name = symbol.getName();
    if (!name)
      return name.takeError();
    if (*name != wanted)
      continue;
    auto section = symbol.getSection();
    if (!section)
      return section.takeError();
    return file->getSection((*section)->getRawDataRefImpl())->sh_offset + cantFail(symbol.getValue());
  }
  return llvm::createStringError("it has no table '" + wanted + "'");
}

bool fillTable(std::string &object, llvm::StringRef table, llvm::ArrayRef<int64_t> words, std::string &error) {
  llvm::Expected<uint64_t> offset = offsetOf(object, table);
  if (!offset) {
    error = "internal error: the object cannot be completed: " + llvm::toString(offset.takeError());
    return false;
  }
  for (size_t i = 0; i < words.size(); ++i)
    llvm::support::endian::write64le(object.data() + *offset + 8 * i, uint64_t(words[i]));
  return true;
}

} // namespace batten
