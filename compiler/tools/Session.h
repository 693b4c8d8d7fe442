// Session.h - one source file on its way through the front end, as every subcommand needs it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_SESSION_H
#define BATTEN_COMPILER_TOOLS_SESSION_H

#include "compiler/Compiler.h"
#include "compiler/frontend/AST.h"
#include "compiler/frontend/Diagnostics.h"
#include "compiler/frontend/Sema.h"
#include "compiler/tools/CommandLine.h"
#include "compiler/tools/Progress.h"
#include "compiler/tools/Reproducer.h"
#include <chrono>
#include <memory>

namespace batten {

/// Options that every subcommand that reads the text of a source has, to be put before its own.
std::vector<OptionSpec> textOptions(std::vector<OptionSpec> own);
/// Those, and what only matters where more is done with it.
std::vector<OptionSpec> sessionOptions(std::vector<OptionSpec> own);

class Session {
public:
  /// `dimsAreStatic`: --dim fixes sizes in the program itself. Otherwise it fixes only those that are static there, the
  /// others are sizes of one call.
  explicit Session(const CommandLine &options, bool dimsAreStatic = true, unsigned errorLimit = 20);

  /// Tests are read too; where code is made of the rest, what is wrong in them does not matter.
  bool withTests = false;
  /// What is not used is warned of: where a program is written, not where it runs.
  bool withUnused = false;

  /// The text of a file; nullopt after an error.
  std::optional<uint32_t> load(const std::string &path);
  /// A text that comes from no file.
  uint32_t add(const std::string &name, const std::string &text) { return files.add(name, text); }
  /// Parses `path`. nullopt after an error; `finish` prints it and gives the exit status.
  const frontend::FileNode *parse(const std::string &path);
  /// Parses, checks and elaborates.
  std::optional<frontend::Program> analyse(const std::string &path);
  /// The same without the parsing.
  std::optional<frontend::Program> analyse(const frontend::FileNode &file);

  /// True if --dim gives this dim of the source that was parsed another fixed size.
  bool fixes(const std::string &dim) const;

  frontend::Diagnostics &diagnostics() { return *found; }
  const frontend::Sources &sources() const { return files; }
  /// A fault that has no place in a source: `batten: error: ...`. Remarks may be added to it; `finish` gives `exit`.
  frontend::Diagnostic &refuse(Exit exit, const std::string &sentence, const std::string &code = "");
  /// refuse and finish.
  int fail(Exit exit, const std::string &sentence, const std::string &code = "");
  /// Prints what was found and gives the status: that of the errors if there are any. An internal error leaves a
  /// reproducer behind.
  int finish();
  /// Forgets what was found: what comes next has a status of its own.
  void clear();
  /// On a terminal, what is being done while the result lives; otherwise null.
  std::unique_ptr<Progress> progress(Compilation &compilation) const;
  /// Says with -v how long a phase took, with -vv each pass in it too, and keeps it for --time-passes.
  void phase(const Phase &phase);
  void phase(const std::string &name, double milliseconds) { phase({name, milliseconds, {}}); }
  void phases(const Compilation &compilation);

private:
  const CommandLine &options;
  bool dimsAreStatic;
  frontend::Sources files;
  std::optional<frontend::Diagnostics> found;
  std::optional<frontend::FileNode> tree;
  Exit exitOfErrors = ExitRefused;
  std::unique_ptr<CrashReport> crash; ///< of the sources that were read last
  std::vector<Phase> times;           ///< for --time-passes
  frontend::SemaOptions semaOptions();
  void reportCrashes();
  void reportTimes();
  void reportInternalError(const frontend::InternalError &fault);
};

/// Milliseconds since `start`.
double millisecondsSince(std::chrono::steady_clock::time_point start);

/// Writes a file by way of a temporary one beside it, so that a failed run never leaves half of it; "-" is standard
/// output. A link stays one. `keepsMode`: of a file that is there, as of a source; an output is made anew. The sentence
/// of the fault, or empty.
std::string writeFile(const std::string &path, const std::string &bytes, bool keepsMode = false);

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_SESSION_H
