// WeightsObject.cpp - writes the object of the weights: ELF64, little-endian, x86-64.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/WeightsObject.h"
#include "compiler/codegen/support/Support.h"
#include "llvm/BinaryFormat/ELF.h"
#include <cstring>

using namespace llvm::ELF;

namespace batten {

namespace {

enum Section { None, Data, Stack, Symbols, SymbolNames, SectionNames, SectionCount };

/// Sections one after the other, and what the table at the end says of them.
class ObjectWriter {
public:
  ObjectWriter() { out.resize(sizeof(Elf64_Ehdr)); }
  void add(Section section, const char *name, uint32_t type, llvm::StringRef bytes, uint64_t alignment);
  std::string finish();

  Elf64_Shdr headers[SectionCount] = {};
  std::string out, names = std::string(1, '\0');

private:
  void alignTo(uint64_t alignment) { out.resize((out.size() + alignment - 1) / alignment * alignment); }
};

} // namespace

void ObjectWriter::add(Section section, const char *name, uint32_t type, llvm::StringRef bytes, uint64_t alignment) {
  alignTo(alignment);
  Elf64_Shdr &header = headers[section];
  header.sh_name = names.size();
  header.sh_type = type;
  header.sh_offset = out.size();
  header.sh_addralign = alignment;
  names.append(name).push_back('\0');
  if (section == SectionNames)
    bytes = names;
  header.sh_size = bytes.size();
  out.append(bytes.data(), bytes.size());
}

std::string ObjectWriter::finish() {
  alignTo(8);
  Elf64_Ehdr header = {};
  std::memcpy(header.e_ident, ElfMagic, 4);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = header.e_version = EV_CURRENT;
  header.e_type = ET_REL;
  header.e_machine = EM_X86_64;
  header.e_shoff = out.size();
  header.e_ehsize = sizeof header;
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = SectionCount;
  header.e_shstrndx = SectionNames;
  std::memcpy(out.data(), &header, sizeof header);
  out.append(reinterpret_cast<const char *>(headers), sizeof headers);
  return std::move(out);
}

std::string makeWeightsObject(llvm::StringRef bytes, llvm::StringRef symbol) {
  ObjectWriter writer;
  size_t triedBytes = bytes.size() < leastReleasedBytes ? 0 : BATTEN_TRIED_BYTES, size = bytes.size() + triedBytes;
  writer.out.reserve(size + symbol.size() + 1024);
  writer.add(Data, ".rodata", SHT_PROGBITS, bytes, 64);
  writer.out.append(triedBytes, char(BATTEN_TRIED_BYTE));
  writer.headers[Data].sh_size = size;
  writer.headers[Data].sh_flags = SHF_ALLOC;
  writer.add(Stack, ".note.GNU-stack", SHT_PROGBITS, "", 1); // no executable stack

  Elf64_Sym symbols[2] = {};
  symbols[1].st_name = 1;
  symbols[1].setBindingAndType(STB_GLOBAL, STT_OBJECT);
  symbols[1].st_other = STV_HIDDEN;
  symbols[1].st_shndx = Data;
  symbols[1].st_size = size;
  std::string symbolNames = std::string(1, '\0') + symbol.str() + '\0';
  writer.add(Symbols, ".symtab", SHT_SYMTAB, {reinterpret_cast<const char *>(symbols), sizeof symbols}, 8);
  writer.headers[Symbols].sh_link = SymbolNames;
  writer.headers[Symbols].sh_info = 1; // the first that is not local
  writer.headers[Symbols].sh_entsize = sizeof(Elf64_Sym);
  writer.add(SymbolNames, ".strtab", SHT_STRTAB, symbolNames, 1);
  writer.add(SectionNames, ".shstrtab", SHT_STRTAB, "", 1);
  return writer.finish();
}

} // namespace batten
