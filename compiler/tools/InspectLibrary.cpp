// InspectLibrary.cpp - a compiled library, by what its description says.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Types.h"
#include "compiler/tools/Amounts.h"
#include "compiler/tools/DescribedProgram.h"
#include "compiler/tools/Inspect.h"
#include "compiler/tools/LayerTable.h"
#include "compiler/tools/TextTable.h"
#include "runtime/batten.h"
#include <cstdio>
#include <memory>

namespace batten {
namespace {

struct CloseProgram {
  void operator()(batten_program *program) const { batten_program_close(program); }
};

std::vector<std::string> namesOf(const char *const *names, int64_t count) {
  return std::vector<std::string>(names, names + count);
}

std::string shapeOf(const batten_weight &weight) {
  std::vector<std::string> sizes;
  for (int32_t i = 0; i < weight.rank; ++i)
    sizes.push_back(std::to_string(weight.shape[i]));
  return std::string(batten_dtype_name(weight.dtype)) + "[| " + frontend::joined(sizes) + "]";
}

int64_t elementsOf(const batten_weight &weight) {
  int64_t count = 1;
  for (int32_t i = 0; i < weight.rank; ++i)
    count *= weight.shape[i];
  return count;
}

std::string json(const std::string &text) { return frontend::jsonString(text); }

std::string jsonList(std::vector<std::string> texts) {
  for (std::string &text : texts)
    text = json(text);
  return "[" + frontend::joined(texts, ",") + "]";
}

/// What the entry costs is in its layers.
LayerTable layersOf(const batten_entry &entry, const std::string &by) {
  std::vector<frontend::LayerRow> rows;
  bool known = true;
  for (int64_t i = 0; i < entry.layer_count; ++i) {
    const batten_layer &layer = entry.layers[i];
    rows.push_back({layer.name,
                    layer.type,
                    layer.parameters,
                    layer.parameter_bytes,
                    layer.tied == 1,
                    {},
                    {dimOf(layer.flops), dimOf(layer.bytes)}});
    known &= !rows.back().cost.flops.isConstant(-1) && !rows.back().cost.bytes.isConstant(-1);
  }
  LayerTable table(std::move(rows), symbolsOf(entry), known);
  if (!by.empty())
    table.sortBy(by);
  return table;
}

void printEntry(const batten_entry &entry, const std::string &by) {
  printf("\n%s\n", entry.signature);
  if (entry.independent_count)
    printf("independent over: %s\n", frontend::joined(namesOf(entry.independent, entry.independent_count)).c_str());
  for (int64_t i = 0; i < entry.mixes_count; ++i)
    printf("mixes %s\n", entry.mixes[i]);
  fputs(layersOf(entry, by).text().c_str(), stdout);
  printf("%s, workspace %s bytes\n", entry.c_symbol, entry.workspace_bytes.text);
  for (int64_t i = 0; i < entry.version_count; ++i)
    printf("version for %s = %lld, with %s of its own\n", entry.symbols[entry.versions[i].symbol].name,
           static_cast<long long>(entry.versions[i].size),
           frontend::counted(size_t(entry.versions[i].kernels), "kernel", "kernels").c_str());
}

std::string versionJson(const batten_entry &entry, const batten_version &version) {
  return "{\"dim\":" + json(entry.symbols[version.symbol].name) + ",\"size\":" + std::to_string(version.size) +
         ",\"kernels\":" + std::to_string(version.kernels) + "}";
}

void printText(const batten_description &about, const CommandLine &options) {
  int64_t parameters = 0, bytes = 0;
  std::vector<std::vector<std::string>> table = {{"weight", "type", "from", "read by"}};
  for (int64_t i = 0; i < about.weight_count; ++i) {
    const batten_weight &weight = about.weights[i];
    parameters += elementsOf(weight);
    bytes += elementsOf(weight) * BATTEN_DTYPE_BYTES(weight.dtype);
    table.push_back(
        {weight.path, shapeOf(weight), weight.from, frontend::joined(namesOf(weight.used_by, weight.used_by_count))});
  }
  std::vector<std::string> levels;
  for (int64_t i = 0; i < about.level_count; ++i)
    levels.push_back(about.levels[i].name + (" (" + amount(double(about.code_bytes[i]), "B") + " of code)"));
  std::string count = about.placed_weights // which it does not describe one by one
                          ? "weights built in"
                          : amount(double(parameters)) + " parameters (" + amount(double(bytes), "B") + ")";
  printf("%s: %s, %s, %s, program memory %s\n", options.positional()[0].c_str(), about.name,
         frontend::counted(size_t(about.entry_count), "entry", "entries").c_str(), count.c_str(),
         amount(double(about.program_bytes), "B").c_str());
  printf("source %s of %s, %s\nCPU %s, numerics %s\n", about.source_hash, about.source, about.compiler,
         frontend::joined(levels).c_str(), about.numerics);
  if (about.placed_weights)
    printf("the weights are those of %s\n", about.placed_weights);
  for (int64_t i = 0; i < about.entry_count; ++i)
    printEntry(about.entries[i], options.get("--by"));
  if (about.weight_count)
    printf("\n%s", tableText(table).c_str());
}

std::string entryJson(const batten_entry &entry, const std::string &by) {
  std::vector<std::string> versions;
  for (int64_t i = 0; i < entry.version_count; ++i)
    versions.push_back(versionJson(entry, entry.versions[i]));
  return "{\"name\":" + json(entry.name) + ",\"c_symbol\":" + json(entry.c_symbol) +
         ",\"signature\":" + json(entry.signature) +
         ",\"independent\":" + jsonList(namesOf(entry.independent, entry.independent_count)) +
         ",\"mixes\":" + jsonList(namesOf(entry.mixes, entry.mixes_count)) + ",\"flops\":" + json(entry.flops.text) +
         ",\"bytes\":" + json(entry.bytes.text) + ",\"workspace_bytes\":" + json(entry.workspace_bytes.text) +
         ",\"versions\":[" + frontend::joined(versions, ",") + "]," + layersOf(entry, by).json() + "}";
}

std::string weightJson(const batten_weight &weight) {
  return "{\"path\":" + json(weight.path) + ",\"from\":" + json(weight.from) + ",\"type\":" + json(shapeOf(weight)) +
         "}";
}

void printJson(const batten_description &about, const CommandLine &options) {
  std::vector<std::string> levels, entries, weights;
  for (int64_t i = 0; i < about.level_count; ++i)
    levels.push_back("{\"name\":" + json(about.levels[i].name) +
                     ",\"code_bytes\":" + std::to_string(about.code_bytes[i]) + "}");
  for (int64_t i = 0; i < about.entry_count; ++i)
    entries.push_back(entryJson(about.entries[i], options.get("--by")));
  for (int64_t i = 0; i < about.weight_count; ++i)
    weights.push_back(weightJson(about.weights[i]));
  std::string placed = about.placed_weights ? json(about.placed_weights) : "null";
  printf("{\"name\":%s,\"source\":%s,\"source_hash\":%s,\"compiler\":%s,\"flags\":%s,\"numerics\":%s,\"placed_"
         "weights\":%s,"
         "\"program_bytes\":%lld,\"levels\":[%s],\"entries\":[%s],\"weights\":[%s]}\n",
         json(about.name).c_str(), json(about.source).c_str(), json(about.source_hash).c_str(),
         json(about.compiler).c_str(), json(about.flags).c_str(), json(about.numerics).c_str(), placed.c_str(),
         static_cast<long long>(about.program_bytes), frontend::joined(levels, ",").c_str(),
         frontend::joined(entries, ",").c_str(), frontend::joined(weights, ",").c_str());
}

} // namespace

int inspectLibrary(Session &session, const CommandLine &options) {
  batten_error error{};
  batten_program *opened = nullptr;
  int result = batten_program_open(options.positional()[0].c_str(), nullptr, &opened, &error);
  std::unique_ptr<batten_program, CloseProgram> program(opened);
  if (result)
    return session.fail(BATTEN_CODE(result) == BATTEN_E_FILE ? ExitFiles : ExitRefused, error.message);
  const batten_description &about = *batten_program_describe(opened);
  if (options.has("--json"))
    printJson(about, options);
  else
    printText(about, options);
  return ExitOk;
}

} // namespace batten
