// Reproducer.cpp - see Reproducer.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/Reproducer.h"
#include "compiler/Version.h"
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace fs = std::filesystem;

namespace batten {

/// This process's command line, as a shell takes it.
static std::string commandLine() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::string line, word;
  while (std::getline(file, word, '\0')) {
    line += line.empty() ? "'" : " '";
    for (char c : word)
      line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += "'";
  }
  return line + "\n";
}

/// The deepest folder that has both.
static fs::path commonFolder(const fs::path &a, const fs::path &b) {
  fs::path common;
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end() && *i == *j; ++i, ++j)
    common /= *i;
  return common;
}

static bool writeText(const fs::path &path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  return bool(file.flush());
}

static bool copySources(const fs::path &folder, const frontend::Sources &sources) {
  std::error_code code;
  std::vector<fs::path> paths;
  for (uint32_t i = 0; i < sources.size(); ++i)
    paths.push_back(fs::absolute(sources.file(i).name(), code).lexically_normal());
  fs::path common = paths.empty() ? fs::path() : paths[0].parent_path();
  for (const fs::path &path : paths)
    common = commonFolder(common, path.parent_path());
  for (uint32_t i = 0; i < sources.size(); ++i) {
    fs::path copy = folder / paths[i].lexically_relative(common);
    fs::create_directories(copy.parent_path(), code);
    if (!writeText(copy, sources.file(i).text()))
      return false;
  }
  return true;
}

std::string writeReproducer(const frontend::Sources &sources, const frontend::InternalError &fault) {
  const char *temporary = getenv("TMPDIR");
  for (std::string parent : {temporary && *temporary ? temporary : "/tmp", "/tmp"}) {
    std::string folder = parent + "/batten-XXXXXX";
    if (!mkdtemp(folder.data()))
      continue;
    std::string report =
        "batten " BATTEN_VERSION " (commit " BATTEN_COMMIT ", LLVM " BATTEN_LLVM_VERSION ")\nphase: " + fault.phase +
        "\n" + fault.report + "\n";
    if (copySources(fs::path(folder) / "sources", sources) && writeText(folder + "/command", commandLine()) &&
        writeText(folder + "/report", report))
      return folder;
    std::error_code code;
    fs::remove_all(folder, code);
  }
  return "";
}

} // namespace batten
