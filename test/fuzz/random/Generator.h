// Generator.h - random programs of the language: types, shapes and ops by its rules, values finite and moderate.
//
// A program grows statement by statement: an op is drawn, its operands are drawn from the values so far or made anew
// (an argument, a weight, a constant), and the result's type and a range of its values are worked out here, by the
// rules of the language and apart from the front end, which has to agree. Functions and models grow in the same way in
// a scope of their own, with generics where the call has sizes, and are then called on values with more batch dims.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_TEST_FUZZ_RANDOM_GENERATOR_H
#define BATTEN_TEST_FUZZ_RANDOM_GENERATOR_H

#include "test/fuzz/random/Random.h"
#include "test/fuzz/random/Sketch.h"
#include <functional>
#include <optional>

namespace batten::fuzz {

class Generator {
public:
  Generator(uint64_t seed, uint64_t program) : random(seed, program), program(program) {}
  Sketch make();

private:
  using Batch = std::vector<std::string>;
  enum class ScopeKind { Entry, Function, Model };

  /// A body under way, and what its dims are at the call that is being made.
  struct Scope {
    ScopeKind kind;
    Body *body;
    std::map<std::string, int64_t> sizes;
    std::set<std::string> bounded; ///< batch dims that may go right of the bar or be a number
    std::set<std::string> movable; ///< core dims by name that may go left of it
  };

  Random random;
  uint64_t program; ///< its number
  Sketch sketch;
  Scope *scope = nullptr;
  DType mainType = DType::F32;
  std::vector<int64_t> favourites; ///< sizes of core dims
  int names = 0;
  int functionDepth = 0;
  std::optional<DType> wish; ///< operands are rather of this dtype
  uint64_t turn = 0;         ///< for choices that go round with the program's number, too

  // Generator.cpp: the frame
  struct Family;
  void chooseDims();
  void chooseResults();
  void chooseUpdates();
  void chooseSizes();
  void chooseVersions();
  bool statement();
  void statementInTurn();
  int64_t elements(const TensorType &type) const;
  Dim elementsOf(const TensorType &type) const;
  int64_t sizeOf(const Dim &dim) const { return dim.evaluate(scope->sizes).value_or(INT64_MAX / 1024); }
  const Value &at(int value) const { return scope->body->values[size_t(value)]; }
  std::string freshName(const char *stem) { return stem + std::to_string(names++); }
  std::string nameOf(int64_t size, const std::set<std::string> &taken);

  // Values.cpp: operands and results
  int pick(const std::function<bool(const Value &)> &accepts);
  int pickAny(const std::function<bool(const Value &)> &accepts);
  int fresh(TensorType type, Interval range = {-2, 2});
  int madeOf(const TensorType &type);
  /// From the values so far or made anew; `type` is exact.
  int operandOf(const TensorType &type, double newChance = 0.5);
  /// Of this dtype, that broadcasts with `value` by R5 and R6 over any core (`core` unset) or a given one.
  int peerOf(int value, DType dtype, const std::vector<Dim> *core = nullptr);
  int indexFor(int value);
  int emit(std::string text, std::vector<int> operands, TensorType type, Interval range, Dim cost = Dim(),
           std::vector<std::string> features = {});
  std::vector<int> emitMany(std::string text, std::vector<int> operands, const std::vector<TensorType> &types,
                            Interval range, Dim cost, std::vector<std::string> features = {});
  int moderate(int value);
  std::optional<Batch> combine(const std::vector<int> &operands) const;
  std::vector<std::string> broadcastFeatures(const std::vector<int> &operands, const TensorType &result) const;
  Batch sublist(const Batch &batch);
  Batch superlist(const Batch &batch);
  Dim anyCoreDim();
  TensorType anyType(DType dtype);
  std::string literal(DType dtype);
  static bool fits(const TensorType &type);
  int anyFloat(size_t lowRank = 0, size_t highRank = 4);
  int integerOrBool(size_t rank);
  bool reduceBatch(int x, std::vector<std::string> features = {});

  // One a family; false: nothing fits.
  bool unary();
  bool binary();
  bool number();
  bool comparison();
  bool logic();
  bool selection();
  bool cast();
  bool product();
  bool linear();
  bool outer();
  bool transposition();
  bool convolution();
  bool images();
  bool pool();
  bool reduction();
  bool batchReduction();
  bool softmax();
  bool norm();
  bool argmax();
  bool attention();
  bool topk();
  bool cumsum();
  bool crossEntropy();
  bool squaredError();
  bool binaryCrossEntropy();
  bool squaredNorm();
  bool rearrange();
  bool slice();
  bool split();
  bool concat();
  bool brackets();
  bool spread();
  bool making();
  bool flatten();
  bool embed();
  bool update();
  bool rope();
  bool dimAsNumber();
  int sizeOfTheCall(const TensorType &type);
  int constantOfTheFile(const TensorType &type);
  std::string wider(DType dtype, DType &result, std::vector<std::string> &features);
  bool call();
  bool libraryCall();
  bool modelCall();

  int image(bool integers);
  struct Taps;
  int convolve(int x, const Taps &taps);
  int scaledChannels(int x);
  int behindConvolution(int x, int before);
  RuntimeDim *dimOfTheCall();
  std::optional<Dim> windows(const Dim &in, int64_t pad, int64_t span, int64_t stride);
  bool isAtLeast(const Dim &dim, const Dim &least);
  bool isMultiple(const Dim &dim, int64_t of);
  bool keepsOrder(const Dim &queries, const Dim &keys);
  std::optional<std::pair<std::string, std::vector<int64_t>>> axesOf(const Value &value, bool single);
  int loss(const std::string &text, std::vector<int> operands, Interval range);
  int guarded(const std::string &op, int value, Interval &range);
  struct Part;
  bool arrange(int value, const std::vector<Part> &parts, size_t lifted, const std::vector<std::string> &pattern);
  struct Callee;
  bool bindArguments(Callee &callee);
  bool growBody(Callee &callee);
  void stateConditions(Callee &callee);
  bool emitCall(Callee &callee);
  bool makeCall(bool model);
};

bool isInteger(DType dtype);
/// The dtype of sums and products.
DType accumulatorOf(DType dtype);

} // namespace batten::fuzz
#endif // BATTEN_TEST_FUZZ_RANDOM_GENERATOR_H
