// call.h - the steps of a described call that whole calls, calls in chunks and joined calls share.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_RUNTIME_CALL_H
#define BATTEN_RUNTIME_CALL_H

#include "workspace.h"

namespace batten::runtime {

/// The entry, when there is one, the program is bound, and so many arguments are its own.
int checkCall(const batten_program *program, int64_t entry, const batten_tensor *tensors, int64_t count,
              const batten_call *call, const batten_entry *&outEntry);

int requireTensors(const batten_entry &entry, const batten_tensor *tensors, int64_t count, batten_error *error);

int refuseBusy(const batten_entry &entry, const batten_call *call);

/// Sizes and pointers of an entry's call, in a block of memory; more sets of them for calls on parts.
class CallTables {
public:
  CallTables(const batten_entry &entry, Block &memory) : entry(entry), memory(memory) {}
  /// Makes room for `sets`; false when memory is lacking.
  bool reserve(int64_t sets);
  /// The same, and fills the first: sizes found from the tensors, and their pointers.
  int resolve(const int64_t *given, const batten_tensor *tensors, int64_t sets, batten_error *error);
  int64_t *sizes(int64_t set = 0) const {
    return reinterpret_cast<int64_t *>(static_cast<char *>(memory.data()) + set * setBytes());
  }
  void **pointers(int64_t set = 0) const { return reinterpret_cast<void **>(sizes(set) + entry.symbol_count); }

private:
  int64_t setBytes() const {
    return entry.symbol_count * (int64_t)sizeof(int64_t) + entry.argument_count * (int64_t)sizeof(void *);
  }
  const batten_entry &entry;
  Block &memory;
};

/// Calls the entry as the first set of tables says, with memory that grows to what it needs.
int callWhole(const batten_program &program, const batten_entry &entry, CallTables &tables, Block &memory,
              const batten_call *call);

} // namespace batten::runtime

#endif // BATTEN_RUNTIME_CALL_H
