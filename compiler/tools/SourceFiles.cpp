// SourceFiles.cpp - see SourceFiles.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/SourceFiles.h"
#include "compiler/frontend/Types.h"
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace batten {

FileKind kindOf(const std::string &path) {
  char head[18] = {}; // as far as the type of an ELF file
  std::error_code code;
  if (std::filesystem::is_regular_file(path, code)) // what is read from a pipe is gone
    std::ifstream(path, std::ios::binary).read(head, sizeof head);
  constexpr char isShared = 3; // ET_DYN
  if (!memcmp(head, "\177ELF", 4))
    return head[16] == isShared ? FileKind::Library : FileKind::Object;
  if (!memcmp(head, "!<arch>", 7))
    return FileKind::Object;
  if (path.ends_with(".safetensors"))
    return FileKind::Weights;
  if (path.ends_with(".h") || path.ends_with(".json"))
    return FileKind::Companion;
  return path.ends_with(".so") ? FileKind::Library : FileKind::Source;
}

std::string notASource(const std::string &path, bool takesWeights) {
  switch (kindOf(path)) {
  case FileKind::Library:
    return "'" + path +
           "' is a compiled library: give its source; `batten inspect`, `run` and `bench` take the library";
  case FileKind::Object:
    return "'" + path + "' is an object or a static library, which cannot be loaded: give its source, or a shared " +
           "library of it";
  case FileKind::Weights:
    return "'" + path + "' is a file of weights" +
           (takesWeights ? ": give it as --weights=" + path + " beside the source that reads them" : ", no source");
  case FileKind::Companion:
    return "'" + path + "' is a " + (path.ends_with(".h") ? "C header" : "manifest") +
           ", which says of a library what it has: give its source, or the library";
  case FileKind::Source:
    break;
  }
  return "";
}

std::vector<std::string> findSources(const std::vector<std::string> &paths) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  for (const std::string &path : paths) {
    std::error_code code;
    if (!fs::is_directory(path, code)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> found;
    fs::recursive_directory_iterator at(path, fs::directory_options::skip_permission_denied, code), end;
    for (; !code && at != end; at.increment(code))
      if (at->path().extension() == ".btn" && at->is_regular_file(code))
        found.push_back(path == "." ? at->path().lexically_normal().string() : at->path().string());
    std::sort(found.begin(), found.end());
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

std::string noSourcesIn(const std::vector<std::string> &folders) {
  return "no .btn file in '" + frontend::joined(folders, "', '") + "'";
}

} // namespace batten
