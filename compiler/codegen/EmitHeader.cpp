// EmitHeader.cpp - the C header of a program.
//
// The block of types that all headers share is copied, letter by letter, from runtime/abi.h, which is embedded in the
// compiler, so that headers of several programs and the runtime's own can be included together.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/CNames.h"
#include "compiler/codegen/ProgramInfo.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Path.h"

using llvm::StringRef;
using llvm::Twine;

namespace batten {

static const unsigned char abiHeader[] = {
#include "compiler/codegen/abi.h.inc"
};

static constexpr size_t width = 120;

static StringRef sharedBlock() {
  StringRef all(reinterpret_cast<const char *>(abiHeader), sizeof abiHeader), last = "#endif /* BATTEN_ABI_1 */\n";
  size_t begin = all.find("#ifndef BATTEN_ABI_1\n"), end = all.find(last) + last.size();
  return all.slice(begin, end);
}

namespace {

class HeaderWriter {
public:
  explicit HeaderWriter(const ProgramInfo &program) : program(program), name(program.name) {}
  std::string write();

private:
  void line(const Twine &text) { out += text.str() + "\n"; }
  void comment(StringRef text);
  void prototype(StringRef result, const std::string &function, llvm::ArrayRef<std::string> parameters);
  void fields(llvm::ArrayRef<std::pair<std::string, std::string>> rows);
  void writeBind();
  void writeWeights();
  void writeTrees(const EntryInfo &entry);
  void writeEntry(const EntryInfo &entry, bool first);
  std::string describe(const EntryInfo &entry);

  const ProgramInfo &program;
  const std::string &name;
  std::string out;
  llvm::StringSet<> trees; ///< types that have been declared
};

} // namespace

static std::string upper(StringRef name) { return name.upper(); }

/// Text that may stand inside a comment.
static std::string harmless(StringRef text) {
  std::string result;
  for (char c : text) {
    if (!result.empty() && ((result.back() == '*' && c == '/') || (result.back() == '/' && c == '*')))
      result += ' ';
    result += llvm::isPrint(c) || (c & 0x80) ? c : ' ';
  }
  return result;
}

/// One paragraph a line of `text`, broken at spaces; all but the first line are indented.
void HeaderWriter::comment(StringRef text) {
  std::string row = "/*";
  llvm::SmallVector<StringRef> paragraphs, words;
  text.split(paragraphs, '\n');
  for (StringRef paragraph : paragraphs) {
    if (row.size() > 2) {
      line(row);
      row = "  ";
    }
    std::string clean = harmless(paragraph);
    words.clear();
    StringRef(clean).split(words, ' ', -1, /*KeepEmpty=*/false);
    for (StringRef word : words) {
      bool last = &paragraph == &paragraphs.back() && &word == &words.back();
      if (row.size() + 1 + word.size() + (last ? 3 : 0) > width) { // the last line ends in " */"
        line(row);
        row = "  ";
      }
      row += " " + word.str();
    }
  }
  line(row + " */");
}

void HeaderWriter::prototype(StringRef result, const std::string &function, llvm::ArrayRef<std::string> parameters) {
  std::string row = (result + " " + function + "(").str(), indent(row.size(), ' ');
  if (parameters.empty())
    row += "void);";
  for (const std::string &parameter : parameters) {
    bool last = &parameter == &parameters.back();
    std::string text = parameter + (last ? ");" : ",");
    if (&parameter != parameters.begin()) {
      if (row.size() + 1 + text.size() > width) {
        line(row);
        row = indent;
      } else {
        row += ' ';
      }
    }
    row += text;
  }
  line(row);
}

/// Struct fields with a comment each, the comments in one column.
void HeaderWriter::fields(llvm::ArrayRef<std::pair<std::string, std::string>> rows) {
  size_t longest = 0;
  for (const auto &row : rows)
    longest = std::max(longest, row.first.size());
  for (const auto &row : rows)
    line("  " + row.first + std::string(longest - row.first.size(), ' ') + " /* " + harmless(row.second) + " */");
}

static std::string extents(llvm::ArrayRef<std::string> texts) { return "[" + llvm::join(texts, ", ") + "]"; }

static std::string extents(const TensorInfo &tensor) {
  std::vector<std::string> texts;
  for (const Dim &dim : tensor.dims)
    texts.push_back(dim.str());
  return extents(texts);
}

//===- Bind -------------------------------------------------------------------------------------------------------===//

void HeaderWriter::writeWeights() {
  comment("Row-major, dense. Read during the bind only (they are packed into the program's memory).");
  line("typedef struct " + name + "_weights {");
  std::vector<std::pair<std::string, std::string>> rows;
  for (const WeightInfo &weight : program.weights) {
    std::vector<std::string> shape;
    for (int64_t extent : weight.shape)
      shape.push_back(std::to_string(extent));
    rows.push_back({("const " + dtypeInC(weight.dtype) + " *" + weight.field + ";").str(),
                    ("\"" + weight.from + "\" " + dtypeText(weight.dtype) + extents(shape)).str()});
  }
  fields(rows);
  line("} " + name + "_weights;\n");
}

void HeaderWriter::writeBind() {
  bool hasWeights = !program.weights.empty();
  std::string bytes = "#define " + upper(name) + "_BYTES INT64_C(" + std::to_string(program.programBytes) + ")";
  std::vector<std::string> parameters = {"void *memory", "int64_t memory_bytes", "const " + name + "_program **program",
                                         "batten_error *error"};
  if (!hasWeights) {
    comment(program.placedWeights.empty()
                ? "No weights of its own: bound only to the CPU."
                : "The weights are part of it (" + program.placedWeights + "): bound only to the CPU.");
    line("typedef struct " + name + "_program " + name + "_program;");
    line(bytes);
  } else {
    comment("The program bound to its weights and to the CPU that it runs on. Read-only after the bind: any number of "
            "threads may call it at once, each with its own workspace. It lives in memory of the caller's and needs no "
            "release.");
    line("typedef struct " + name + "_program " + name + "_program;\n");
    writeWeights();
    line(bytes + " /* enough for every CPU level built in: " + namesOf(program.levels, ", ") + " */\n");
    comment("memory: 64-byte aligned. On success *program points into it.");
    parameters.insert(parameters.begin() + 2, "const " + name + "_weights *weights");
  }
  prototype("int", name + "_bind", parameters);
  line("");
}

//===- Entries ----------------------------------------------------------------------------------------------------===//

static bool isInout(const TensorInfo &tensor) { return tensor.kind == BATTEN_INOUT; }

static std::string treeType(StringRef program, const TensorInfo &leaf) {
  return (program + "_" + leaf.model + "_params" + (isInout(leaf) ? "" : "_in")).str();
}

void HeaderWriter::writeTrees(const EntryInfo &entry) {
  for (size_t i = 0; i < entry.tensors.size(); ++i) {
    const TensorInfo &first = entry.tensors[i];
    std::string type = treeType(name, first);
    if (first.tree.empty() || !trees.insert(type).second)
      continue;
    comment(first.model + ".params as an argument: the caller's own arrays, row-major as declared, never packed.");
    line("typedef struct " + type + " {");
    std::vector<std::pair<std::string, std::string>> rows;
    for (; i < entry.tensors.size() && entry.tensors[i].tree == first.tree; ++i) {
      const TensorInfo &leaf = entry.tensors[i];
      rows.push_back({((isInout(leaf) ? "" : "const ") + dtypeInC(leaf.dtype) + " *" + leaf.cName + ";").str(),
                      (dtypeText(leaf.dtype) + extents(leaf)).str()});
    }
    --i;
    fields(rows);
    line("} " + type + ";\n");
  }
}

/// The comment of an entry: its signature, what samples have to do with each other, shapes and ranges.
std::string HeaderWriter::describe(const EntryInfo &entry) {
  std::string text = entry.signature;
  if (!entry.independent.empty())
    text += "; independent over " + llvm::join(entry.independent, ", ");
  std::vector<std::string> mixing, shapes;
  for (const std::string &mix : entry.mixes)
    if (std::string dim = StringRef(mix).split(':').first.str(); !llvm::is_contained(mixing, dim))
      mixing.push_back(dim);
  if (!mixing.empty())
    text += "; mixes samples over " + llvm::join(mixing, ", ");
  text += ".";
  for (const SymbolInfo &symbol : entry.symbols)
    if (symbol.nonEmpty)
      text += " BATTEN_E_EMPTY when " + symbol.name + " = 0.";
  text += "\n";
  for (const TensorInfo &tensor : entry.tensors)
    if (tensor.tree.empty() && !tensor.dims.empty())
      shapes.push_back(tensor.cName + " " + extents(tensor));
  if (!shapes.empty())
    text += llvm::join(shapes, ", ") + ".";
  std::vector<std::string> ranges;
  for (const SymbolInfo &symbol : entry.symbols)
    ranges.push_back(symbol.bound ? "1 <= " + symbol.cName + " <= " + std::to_string(symbol.bound)
                                  : symbol.cName + (symbol.nonEmpty ? " >= 1" : " >= 0"));
  for (const GuardInfo &guard : entry.guards)
    ranges.push_back(guard.text);
  if (!ranges.empty())
    text += " " + llvm::join(ranges, ", ") + ".";
  return StringRef(text).rtrim().str();
}

void HeaderWriter::writeEntry(const EntryInfo &entry, bool first) {
  writeTrees(entry);
  std::vector<std::string> sizes, parameters = {"const " + name + "_program *program"};
  for (const SymbolInfo &symbol : entry.symbols)
    sizes.push_back("int64_t " + symbol.cName);
  parameters.insert(parameters.end(), sizes.begin(), sizes.end());
  std::string lastTree;
  for (const TensorInfo &tensor : entry.tensors) {
    if (!tensor.tree.empty()) {
      if (tensor.tree != lastTree)
        parameters.push_back("const " + treeType(name, tensor) + " *" + tensor.tree);
    } else if (tensor.byValue) {
      parameters.push_back((dtypeInC(tensor.dtype) + " " + tensor.cName).str());
    } else {
      parameters.push_back(
          ((tensor.kind == BATTEN_INPUT ? "const " : "") + dtypeInC(tensor.dtype) + " *" + tensor.cName).str());
    }
    lastTree = tensor.tree;
  }
  for (const char *last : {"void *workspace", "int64_t workspace_bytes", "const batten_call *call"})
    parameters.push_back(last);

  comment(describe(entry) + (first ? " No allocation, no state; refused calls leave outputs untouched." : ""));
  prototype("int", entry.cSymbol, parameters);
  if (first)
    comment("Bytes for these sizes, 0 when none is needed; -1 when a size is out of range.");
  prototype("int64_t", entry.cSymbol + "_workspace", sizes);
  if (entry.threadBytes)
    line("#define " + upper(entry.cSymbol) + "_THREAD_BYTES INT64_C(" + std::to_string(entry.threadBytes) +
         ") /* more workspace for each further thread */");
  line("");
}

std::string HeaderWriter::write() {
  std::string guard = "BATTEN_" + upper(name) + "_H";
  std::string from = program.source.empty() ? "" : " from " + llvm::sys::path::filename(program.source).str();
  comment(name + ".h: made by " + program.compiler + from + ", source hash " + program.sourceHash +
          ". C99 and C++17; needs nothing but libc.");
  line("#ifndef " + guard + "\n#define " + guard + "\n#include <stdint.h>");
  line("#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
  out += sharedBlock();
  line("");
  writeBind();
  for (const EntryInfo &entry : program.entries)
    writeEntry(entry, &entry == &program.entries.front());
  comment("Names, dtypes, dims, formulas, levels, independence and provenance, as data; the manifest says the same in "
          "JSON.");
  line("struct batten_description;");
  line("const struct batten_description *" + name + "_describe(void);");
  line("\n#ifdef __cplusplus\n}\n#endif\n#endif /* " + guard + " */");
  return std::move(out);
}

std::optional<std::string> emitHeader(mlir::ModuleOp module, const CodegenOptions &options, std::string &error) {
  auto program = readProgram(module, options, error);
  if (!program)
    return std::nullopt;
  return HeaderWriter(*program).write();
}

} // namespace batten
