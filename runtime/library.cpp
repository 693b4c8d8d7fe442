// library.cpp - finding NAME_describe in a shared library.
//
// The name is tried in the order: what the caller says, what the file is called (libqproj.so: qproj), and where that is
// none, because a file was renamed or built with a prefix, the only dynamic symbol that ends in `_describe`.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "program.h"

#include "file.h"
#include "status.h"

#include <dlfcn.h>
#include <elf.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

namespace batten::runtime {

namespace {

using Describe = const batten_description *(*)();

constexpr char suffix[] = "_describe";
constexpr size_t symbolRoom = 256;

/// lib/libmy-model.so.1 -> my_model: the rule by which the compiler makes NAME of a file's stem.
void nameFromPath(const char *path, char *out, size_t room) {
  const char *slash = strrchr(path, '/'), *at = slash ? slash + 1 : path;
  if (!strncmp(at, "lib", 3))
    at += 3;
  size_t used = 0;
  if (*at >= '0' && *at <= '9')
    out[used++] = '_';
  for (; *at && strncmp(at, ".so", 3) && used + 1 < room; ++at) {
    const bool isWord = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9');
    out[used++] = isWord ? *at : '_';
  }
  out[used] = 0;
}

Describe findDescribe(void *library, const char *name) {
  char symbol[symbolRoom];
  if (snprintf(symbol, sizeof symbol, "%s%s", name, suffix) >= (int)sizeof symbol)
    return nullptr;
  return reinterpret_cast<Describe>(dlsym(library, symbol));
}

/// The tables of a loaded library that name its dynamic symbols.
struct DynamicSymbols {
  const ElfW(Sym) *symbols = nullptr;
  const char *names = nullptr;
  const uint32_t *gnuHash = nullptr, *sysvHash = nullptr;
};

DynamicSymbols findSymbols(const link_map &map) {
  DynamicSymbols tables;
  for (const ElfW(Dyn) *entry = map.l_ld; entry->d_tag != DT_NULL; ++entry) {
    // glibc has relocated these addresses in place, musl leaves them relative to the library.
    const ElfW(Addr) place = entry->d_un.d_ptr;
    const auto *address = reinterpret_cast<const void *>(place < map.l_addr ? place + map.l_addr : place);
    if (entry->d_tag == DT_SYMTAB)
      tables.symbols = static_cast<const ElfW(Sym) *>(address);
    else if (entry->d_tag == DT_STRTAB)
      tables.names = static_cast<const char *>(address);
    else if (entry->d_tag == DT_GNU_HASH)
      tables.gnuHash = static_cast<const uint32_t *>(address);
    else if (entry->d_tag == DT_HASH)
      tables.sysvHash = static_cast<const uint32_t *>(address);
  }
  return tables;
}

/// No table says how many symbols there are, but each hash table reaches the last defined one.
uint32_t countSymbols(const DynamicSymbols &tables) {
  if (tables.sysvHash)
    return tables.sysvHash[1];
  if (!tables.gnuHash)
    return 0;
  const uint32_t bucketCount = tables.gnuHash[0], firstHashed = tables.gnuHash[1], bloomWords = tables.gnuHash[2];
  const uint32_t *buckets = tables.gnuHash + 4 + bloomWords * (sizeof(ElfW(Addr)) / 4);
  const uint32_t *chains = buckets + bucketCount;
  uint32_t last = 0;
  for (uint32_t i = 0; i < bucketCount; ++i)
    last = buckets[i] > last ? buckets[i] : last;
  if (last < firstHashed)
    return firstHashed;
  while (!(chains[last - firstHashed] & 1)) // the low bit ends a chain
    ++last;
  return last + 1;
}

/// Calls visit(name) for each function NAME_describe that the library itself defines.
template <class Visit> void visitPrograms(void *library, Visit visit) {
  link_map *map = nullptr;
  if (dlinfo(library, RTLD_DI_LINKMAP, &map) || !map)
    return;
  const DynamicSymbols tables = findSymbols(*map);
  const uint32_t count = tables.symbols && tables.names ? countSymbols(tables) : 0;
  for (uint32_t i = 0; i < count; ++i) {
    const ElfW(Sym) &symbol = tables.symbols[i];
    const char *name = tables.names + symbol.st_name;
    const size_t length = strlen(name);
    if (symbol.st_shndx != SHN_UNDEF && ELF64_ST_TYPE(symbol.st_info) == STT_FUNC && length > sizeof suffix - 1 &&
        !strcmp(name + length - (sizeof suffix - 1), suffix))
      visit(name, (int)(length - (sizeof suffix - 1)));
  }
}

int findOnlyProgram(void *library, const char *file, Describe &out, batten_error *error) {
  char namesText[160], only[symbolRoom] = "";
  Sentence names(namesText, sizeof namesText);
  int count = 0;
  visitPrograms(library, [&](const char *symbol, int nameLength) {
    names.add("%s%.*s", count++ ? ", " : "", nameLength, symbol);
    snprintf(only, sizeof only, "%.*s", nameLength, symbol);
  });
  if (count == 1 && (out = findDescribe(library, only)))
    return 0;
  if (count > 1)
    return BATTEN_REFUSE(error, BATTEN_E_NAME, "`%s` holds several programs, say which: %s", file, names.text());
  return BATTEN_REFUSE(error, BATTEN_E_NAME, "`%s` holds no program: it has no symbol NAME_describe", file);
}

/// A library that is cut short has pages that are mapped and not there: dlopen dies of SIGBUS, or a call does later.
/// All that its headers tell of lies within the file; what is no ELF file of 64 bits is left to dlopen, which refuses
/// it.
int requireWhole(const InputFile &file, batten_error *error) {
  const auto size = static_cast<uint64_t>(file.size());
  const auto has = [size](uint64_t begin, uint64_t bytes) { return begin <= size && bytes <= size - begin; };
  Elf64_Ehdr header;
  if (size < sizeof header)
    return 0;
  if (const int result = file.read(0, &header, sizeof header, error))
    return result;
  if (memcmp(header.e_ident, ELFMAG, SELFMAG) || header.e_ident[EI_CLASS] != ELFCLASS64)
    return 0;
  constexpr uint64_t room = 64;
  Elf64_Phdr segments[room];
  const uint64_t count = header.e_phnum < room ? header.e_phnum : room;
  bool isWhole = has(header.e_phoff, count * sizeof *segments) &&
                 has(header.e_shoff, static_cast<uint64_t>(header.e_shnum) * header.e_shentsize);
  if (isWhole)
    if (const int result =
            file.read(static_cast<int64_t>(header.e_phoff), segments, int64_t(count * sizeof *segments), error))
      return result;
  for (uint64_t i = 0; isWhole && i < count; ++i)
    isWhole = segments[i].p_type != PT_LOAD || has(segments[i].p_offset, segments[i].p_filesz);
  return isWhole ? 0
                 : BATTEN_REFUSE(error, BATTEN_E_FORMAT,
                                 "`%s` is cut short: its headers tell of more than the %lld bytes that it has",
                                 file.name(), (long long)file.size());
}

/// Says first what plain file functions can say: dlopen's texts are long, and a device or pipe would make it wait.
int loadLibrary(const char *path, char *file, size_t room, void **outLibrary, batten_error *error) {
  InputFile probe;
  if (const int result = probe.open(path, error))
    return result;
  if (const int result = requireWhole(probe, error))
    return result;
  snprintf(file, room, "%s", probe.name());
  char local[NAME_MAX + 3]; // what could be opened is no longer
  snprintf(local, sizeof local, "./%s", path);
  *outLibrary = dlopen(strchr(path, '/') ? path : local, RTLD_NOW | RTLD_LOCAL);
  if (*outLibrary)
    return 0;
  const char *text = dlerror();
  const size_t length = strlen(path);
  if (text && !strncmp(text, path, length) && !strncmp(text + length, ": ", 2))
    text += length + 2; // the path stands in the sentence already
  return BATTEN_REFUSE(error, BATTEN_E_SYSTEM, "cannot load `%s`: %s", file, text ? text : "unknown error");
}

} // namespace

int openLibrary(const char *path, const char *name, void **outLibrary, const batten_description **outDescription,
                batten_error *error) {
  char file[160], guessed[symbolRoom];
  if (const int result = loadLibrary(path, file, sizeof file, outLibrary, error))
    return result;
  nameFromPath(path, guessed, sizeof guessed);
  Describe describe = findDescribe(*outLibrary, name ? name : guessed);
  int result = 0;
  if (!describe && name)
    result =
        BATTEN_REFUSE(error, BATTEN_E_NAME, "`%s` has no program `%.60s`: no symbol %.60s%s", file, name, name, suffix);
  else if (!describe)
    result = findOnlyProgram(*outLibrary, file, describe, error);
  if (result) {
    dlclose(*outLibrary);
    return result;
  }
  *outDescription = describe();
  return 0;
}

} // namespace batten::runtime
