// EmitManifest.cpp - the description as JSON: field by field what NAME_describe() returns, without the code of
// formulas.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/CNames.h"
#include "compiler/codegen/CodeBytes.h"
#include "compiler/codegen/ProgramInfo.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using llvm::json::OStream;

namespace batten {

static void writeTexts(OStream &json, llvm::StringRef key, const std::vector<std::string> &texts) {
  json.attributeArray(key, [&] {
    for (const std::string &text : texts)
      json.value(text);
  });
}

static void writeSymbol(OStream &json, const SymbolInfo &symbol) {
  json.object([&] {
    json.attribute("name", symbol.name);
    if (symbol.bound)
      json.attribute("bound", symbol.bound);
    json.attribute("position", symbol.position);
    json.attribute("non_empty", symbol.nonEmpty);
  });
}

static void writeArgument(OStream &json, const TensorInfo &tensor) {
  static const char *const kinds[] = {"input", "result", "inout"};
  json.object([&] {
    json.attribute("name", tensor.name);
    json.attribute("kind", kinds[tensor.kind]);
    json.attribute("dtype", dtypeText(tensor.dtype));
    json.attribute("batch_rank", tensor.batchRank);
    json.attributeArray("dims", [&] {
      for (const FormulaInfo &dim : tensor.formulas)
        json.value(dim.text);
    });
    json.attribute("position", tensor.position);
    json.attribute("by_value", tensor.byValue);
    json.attribute("alignment", BATTEN_DTYPE_BYTES(tensor.dtype));
  });
}

static void writeLayer(OStream &json, const LayerInfo &layer) {
  json.object([&] {
    json.attribute("name", layer.name);
    json.attribute("type", layer.type);
    json.attribute("parameters", layer.parameters);
    json.attribute("parameter_bytes", layer.parameterBytes);
    json.attribute("flops", layer.flops.text);
    json.attribute("bytes", layer.bytes.text);
    json.attribute("tied", layer.tied);
  });
}

static void writeIdRange(OStream &json, const IdRangeInfo &range) {
  json.object([&] {
    json.attribute("argument", range.argument);
    json.attribute("least", range.least);
    json.attribute("end", range.end.text);
  });
}

static void writeVersion(OStream &json, const EntryInfo &entry, const batten_version &version) {
  json.object([&] {
    json.attribute("dim", entry.symbols[version.symbol].name);
    json.attribute("size", version.size);
    json.attribute("kernels", version.kernels);
  });
}

static void writeEntry(OStream &json, const EntryInfo &entry) {
  json.object([&] {
    json.attribute("name", entry.name);
    json.attribute("c_symbol", entry.cSymbol);
    json.attribute("signature", llvm::json::fixUTF8(entry.signature));
    json.attributeArray("symbols", [&] {
      for (const SymbolInfo &symbol : entry.symbols)
        writeSymbol(json, symbol);
    });
    json.attributeArray("arguments", [&] {
      for (const TensorInfo &tensor : entry.tensors)
        writeArgument(json, tensor);
    });
    json.attributeArray("guards", [&] {
      for (const GuardInfo &guard : entry.guards)
        json.value(guard.text);
    });
    json.attributeArray("limits", [&] {
      for (const FormulaInfo &limit : entry.limits)
        json.value(limit.text);
    });
    json.attribute("workspace_bytes", entry.workspace.text);
    json.attribute("scratch_bytes", entry.scratch.text);
    json.attribute("thread_bytes", entry.threadBytes);
    json.attribute("flops", entry.flops.text);
    json.attribute("bytes", entry.bytes.text);
    writeTexts(json, "independent", entry.independent);
    writeTexts(json, "mixes", entry.mixes);
    json.attributeArray("versions", [&] {
      for (const batten_version &version : entry.fixedSizes())
        writeVersion(json, entry, version);
    });
    json.attributeArray("layers", [&] {
      for (const LayerInfo &layer : entry.layers)
        writeLayer(json, layer);
    });
    json.attributeArray("id_ranges", [&] {
      for (const IdRangeInfo &range : entry.idRanges)
        writeIdRange(json, range);
    });
  });
}

static void writeWeight(OStream &json, const WeightInfo &weight) {
  json.object([&] {
    json.attribute("path", weight.path);
    json.attribute("from", llvm::json::fixUTF8(weight.from));
    json.attribute("field", weight.field);
    json.attribute("dtype", dtypeText(weight.dtype));
    json.attributeArray("shape", [&] {
      for (int64_t extent : weight.shape)
        json.value(extent);
    });
    writeTexts(json, "used_by", weight.usedBy);
  });
}

std::optional<std::string> emitManifest(mlir::ModuleOp module, const CodegenOptions &options, llvm::StringRef object,
                                        std::string &error) {
  auto program = readProgram(module, options, error);
  auto bytes = program ? codeBytes(object, program->levels, error) : std::nullopt;
  if (!bytes)
    return std::nullopt;
  std::string text;
  llvm::raw_string_ostream stream(text);
  OStream json(stream, /*IndentSize=*/2);
  json.object([&] {
    json.attribute("abi", BATTEN_ABI);
    json.attribute("name", program->name);
    json.attribute("source", llvm::json::fixUTF8(program->source));
    json.attribute("source_hash", program->sourceHash);
    json.attribute("compiler", program->compiler);
    json.attribute("flags", program->flags);
    json.attribute("numerics", program->numerics);
    if (!program->placedWeights.empty())
      json.attribute("placed_weights", llvm::json::fixUTF8(program->placedWeights));
    json.attribute("program_bytes", program->programBytes);
    json.attributeArray("entries", [&] {
      for (const EntryInfo &entry : program->entries)
        writeEntry(json, entry);
    });
    json.attributeArray("weights", [&] {
      for (const WeightInfo &weight : program->weights)
        writeWeight(json, weight);
    });
    json.attributeArray("levels", [&] {
      for (auto [level, levelBytes] : llvm::zip(program->levels, *bytes))
        json.object([&] {
          json.attribute("name", level.name);
          json.attribute("code_bytes", levelBytes);
        });
    });
  });
  stream << "\n";
  return text;
}

} // namespace batten
