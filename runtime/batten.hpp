// batten.hpp - batten.h for C++17 and later: handles that close themselves, tensors that know their element type.
//
// Header-only, no exceptions needed: what can fail takes an Error and returns a bool, or an object that is false. Used
// all the same, such an object is refused (BATTEN_E_NULL); where batten.h lets it be NULL, as a workspace or a pool,
// the call does without.
//
//   batten::Error error;
//   batten::Program program = batten::Program::open("libsimple.so", error);
//   batten::Workspace workspace = batten::Workspace::create(error);
//   if (!program || !workspace || !program.bind("simple.safetensors", error) ||
//       !program.call("forward", {batten::view(x, {32, 10}), batten::view(y, {32, 5})}, workspace, error))
//     fprintf(stderr, "%s\n", error.message());
//
// Ownership, threads and errors are those of batten.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_RUNTIME_BATTEN_HPP
#define BATTEN_RUNTIME_BATTEN_HPP

#include "tensors.hpp"

namespace batten {

class Workspace : public Handle<batten_workspace, batten_workspace_destroy> {
public:
  using Handle::Handle;
  static Workspace create(Error &error) {
    batten_workspace *workspace = nullptr;
    batten_workspace_create(&workspace, error.get());
    return Workspace(workspace);
  }
  int64_t bytes() const { return batten_workspace_bytes(object); }
};

class Pool : public Handle<batten_pool, batten_pool_destroy> {
public:
  using Handle::Handle;
  static Pool create(int32_t threads, Error &error) {
    batten_pool *pool = nullptr;
    batten_pool_create(threads, &pool, error.get());
    return Pool(pool);
  }
  int32_t threads() const { return batten_pool_threads(object); }
  /// body(begin, end) on disjoint ranges that together are [0, count).
  template <class Body> void parallelFor(int64_t count, Body &&body) const {
    using Plain = std::remove_reference_t<Body>;
    batten_pool_parallel_for(
        object, count, [](void *context, int64_t begin, int64_t end) { (*static_cast<Plain *>(context))(begin, end); },
        const_cast<void *>(static_cast<const void *>(&body)));
  }
};

/// Which entry of a program: its name, in the source or as C symbol, or its number in the description. Borrows the
/// name.
class Entry {
public:
  Entry(const char *entry) : name(entry) {}
  Entry(const std::string &entry) : name(entry.c_str()) {}
  template <class Number, class = std::enable_if_t<std::is_integral_v<Number> || std::is_enum_v<Number>>>
  Entry(Number entry) : number(static_cast<int64_t>(entry)) {}

  bool isName() const { return name != nullptr; }
  /// False, with the error, for a name that the program has not.
  bool find(const batten_program *program, int64_t &outNumber, Error &error) const {
    const batten_description *described = batten_program_describe(program);
    outNumber = name ? batten_program_find(program, name) : number;
    if (!name || !described || outNumber >= 0)
      return true; // whoever gets the number refuses what is no program, and a number out of range
    std::string text = std::string(described->name) + " has no entry `" + name + "`, it has";
    for (int64_t i = 0; i < described->entry_count; ++i)
      text += std::string(i == 0 ? " " : ", ") + described->entries[i].name;
    error.set(BATTEN_E_NAME, text.c_str());
    return false;
  }

private:
  const char *name = nullptr;
  int64_t number = -1;
};

class Program : public Handle<batten_program, batten_program_close> {
public:
  using Handle::Handle;
  /// name: as batten_program_open; empty for the one that the file suggests.
  static Program open(const std::string &path, Error &error, const std::string &name = std::string()) {
    batten_program *program = nullptr;
    batten_program_open(path.c_str(), name.empty() ? nullptr : name.c_str(), &program, error.get());
    return Program(program);
  }
  static Program from(const batten_description *description, Error &error) {
    batten_program *program = nullptr;
    batten_program_from(description, &program, error.get());
    return Program(program);
  }

  /// Another program object of the same library, for other weights.
  Program copy(Error &error) const {
    batten_program *program = nullptr;
    batten_program_copy(object, &program, error.get());
    return Program(program);
  }
  /// Gives it away.
  batten_program *take() { return std::exchange(object, nullptr); }

  /// Of no program: one without entries.
  const batten_description &describe() const {
    static constexpr batten_description none = {0,       0,       0, "",      "", "",      "", "",      "",     0,
                                                nullptr, nullptr, 0, nullptr, 0,  nullptr, 0,  nullptr, nullptr};
    const batten_description *described = batten_program_describe(object);
    return described ? *described : none;
  }
  /// The number of the entry of that name; -1 when there is none.
  int64_t find(const std::string &entry) const { return batten_program_find(object, entry.c_str()); }

  /// Without weights.
  bool bind(Error &error) { return bind(std::vector<batten_tensor>(), error); }
  bool bind(const std::vector<batten_tensor> &weights, Error &error) {
    return !batten_program_bind(object, weights.data(), static_cast<int64_t>(weights.size()), nullptr, error.get());
  }
  bool bind(const std::string &path, Error &error) {
    return !batten_program_bind_file(object, path.c_str(), nullptr, error.get());
  }
  /// problem(const batten_problem &) hears of each weight that does not fit, and of unused tensors.
  template <class Problem> bool bind(const std::string &path, Error &error, Problem &&problem) {
    const batten_report report = reportTo(problem);
    return !batten_program_bind_file(object, path.c_str(), &report, error.get());
  }
  template <class Problem> bool check(const std::string &path, Error &error, Problem &&problem) const {
    const batten_report report = reportTo(problem);
    return !batten_program_check_file(object, path.c_str(), &report, error.get());
  }

  /// Finds the runtime dims that these first arguments fix. `sizes` gives those that are known, BATTEN_UNKNOWN for the
  /// others; it is made as long as the entry has dims, and what it lacked counts as unknown.
  bool solve(const Entry &entry, const std::vector<batten_tensor> &tensors, std::vector<int64_t> &sizes,
             Error &error) const {
    int64_t number;
    return findAndFit(entry, number, sizes, error) &&
           !batten_program_solve(object, number, tensors.data(), static_cast<int64_t>(tensors.size()), sizes.data(),
                                 error.get());
  }
  /// A result of this entry at these sizes, allocated. argument: its number in the description.
  Tensor allocate(const Entry &entry, int64_t argument, std::vector<int64_t> sizes, Error &error) const {
    int64_t number;
    batten_tensor shape{};
    if (!findAndFit(entry, number, sizes, error) ||
        batten_program_shape(object, number, argument, sizes.data(), &shape, error.get()))
      return Tensor();
    return Tensor::like(shape, error);
  }
  bool call(const Entry &entry, const std::vector<batten_tensor> &tensors, const Workspace &workspace, Error &error,
            const Pool &pool = Pool()) const {
    int64_t number;
    const batten_call call = batten_pool_call(pool.get(), error.get());
    return entry.find(object, number, error) &&
           !batten_program_call(object, number, nullptr, tensors.data(), static_cast<int64_t>(tensors.size()),
                                workspace.get(), &call);
  }
  /// In chunks along a dim (empty: the first of the first result), with at most so many bytes of workspace.
  bool callChunked(const Entry &entry, int64_t memoryBytes, const std::vector<batten_tensor> &tensors,
                   const Workspace &workspace, Error &error, const Pool &pool = Pool(),
                   const std::string &dim = std::string()) const {
    int64_t number;
    const batten_call call = batten_pool_call(pool.get(), error.get());
    return entry.find(object, number, error) &&
           !batten_program_call_chunked(object, number, dim.empty() ? nullptr : dim.c_str(), memoryBytes, nullptr,
                                        tensors.data(), static_cast<int64_t>(tensors.size()), workspace.get(), &call);
  }

private:
  /// And one size a dim of the entry, which is what the functions of C read and write.
  bool findAndFit(const Entry &entry, int64_t &outNumber, std::vector<int64_t> &sizes, Error &error) const {
    if (!entry.find(object, outNumber, error))
      return false;
    const batten_description &described = describe();
    if (outNumber >= 0 && outNumber < described.entry_count)
      sizes.resize(static_cast<size_t>(described.entries[outNumber].symbol_count), BATTEN_UNKNOWN);
    return true;
  }
  template <class Problem> static batten_report reportTo(Problem &problem) {
    batten_report report{};
    report.problem = [](void *context, const batten_problem *each) {
      (*static_cast<std::remove_reference_t<Problem> *>(context))(*each);
    };
    report.context = const_cast<void *>(static_cast<const void *>(&problem));
    return report;
  }
};

/// A bound program that is exchanged while calls run.
class Model : public Handle<batten_model, batten_model_destroy> {
public:
  using Handle::Handle;
  /// Takes the program over when it succeeds.
  static Model create(Program &program, Error &error) {
    batten_model *model = nullptr;
    if (!batten_model_create(program.get(), &model, error.get()))
      program.take();
    return Model(model);
  }

  /// The program that was current when this was made; it stays until this is gone.
  class Use {
  public:
    explicit Use(const Model &used) : model(used.get()), program(batten_model_acquire(model)) {}
    Use(const Use &) = delete;
    Use &operator=(const Use &) = delete;
    ~Use() { batten_model_release(model, program); }
    const batten_program *get() const { return program; }

  private:
    const batten_model *model;
    const batten_program *program;
  };
  Use use() const { return Use(*this); }

  bool exchange(Program &next, Error &error) const {
    if (batten_model_exchange(object, next.get(), error.get()))
      return false;
    next.take();
    return true;
  }
  bool exchangeWeights(const std::string &path, Error &error) const {
    return !batten_model_exchange_weights(object, path.c_str(), nullptr, error.get());
  }
  bool call(const Entry &entry, const std::vector<batten_tensor> &tensors, const Workspace &workspace, Error &error,
            const Pool &pool = Pool()) const {
    int64_t number;
    const batten_call call = batten_pool_call(pool.get(), error.get());
    return find(entry, number, error) &&
           !batten_model_call(object, number, nullptr, tensors.data(), static_cast<int64_t>(tensors.size()),
                              workspace.get(), &call);
  }
  /// As Program::callChunked.
  bool callChunked(const Entry &entry, int64_t memoryBytes, const std::vector<batten_tensor> &tensors,
                   const Workspace &workspace, Error &error, const Pool &pool = Pool(),
                   const std::string &dim = std::string()) const {
    int64_t number;
    const batten_call call = batten_pool_call(pool.get(), error.get());
    return find(entry, number, error) &&
           !batten_model_call_chunked(object, number, dim.empty() ? nullptr : dim.c_str(), memoryBytes, nullptr,
                                      tensors.data(), static_cast<int64_t>(tensors.size()), workspace.get(), &call);
  }
  /// As Entry::find: programs that are exchanged for each other have the same entries.
  bool find(const Entry &entry, int64_t &outNumber, Error &error) const {
    return entry.find(entry.isName() ? use().get() : nullptr, outNumber, error);
  }
};

/// Makes batches of what many threads ask for one by one.
class Batcher : public Handle<batten_batcher, batten_batcher_destroy> {
public:
  using Handle::Handle;
  /// Defaults, to be changed by name: one worker, batches of 64 samples, 1000 us of delay, 1024 requests in the queue.
  static batten_batcher_options options() {
    return {sizeof(batten_batcher_options), 1, 64, 1000, 1024, nullptr, nullptr};
  }
  static Batcher create(const Model &model, const Entry &entry, const batten_batcher_options &options, Error &error) {
    int64_t number;
    batten_batcher *batcher = nullptr;
    if (model.find(entry, number, error))
      batten_batcher_create(model.get(), number, &options, &batcher, error.get());
    return Batcher(batcher);
  }
  bool call(const std::vector<batten_tensor> &tensors, Error &error) const {
    return !batten_batcher_call(object, tensors.data(), static_cast<int64_t>(tensors.size()), error.get());
  }
  bool submit(const std::vector<batten_tensor> &tensors, void (*done)(void *, const batten_error *), void *context,
              Error &error) const {
    return !batten_batcher_submit(object, tensors.data(), static_cast<int64_t>(tensors.size()), done, context,
                                  error.get());
  }
  void close() const { batten_batcher_close(object); }
  batten_batcher_counts counts() const { return batten_batcher_count(object); }
};

} // namespace batten

#endif // BATTEN_RUNTIME_BATTEN_HPP
