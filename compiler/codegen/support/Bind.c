/* Bind.c - the checks of a bind, the choice of a CPU level, and the header of a program.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "compiler/codegen/support/Sentence.h"
#include <cpuid.h>

/* Linux gives tiles to a process that asks for them: arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA). To ask again
 * is harmless. It refuses where some thread's alternate signal stack has no room for their state. */
COLD static int tilesAreGranted(void) {
  long result = 158; /* SYS_arch_prctl */
  __asm__ volatile("syscall" : "+a"(result) : "D"(0x1023L), "S"(18L) : "rcx", "r11", "memory");
  return result == 0;
}

/* What the machine has answered, eax to edx. Each is asked once, however many levels want to know: a cpuid takes 5 us
 * in a virtual machine. */
enum { AnswersKept = 8 }; /* all that the levels ask for: a further one takes the place of the first */
typedef struct Answer {
  uint32_t leaf, subleaf, registers[4];
} Answer;
typedef struct Machine {
  Answer answers[AnswersKept];
  uint32_t count;
} Machine;

COLD static const uint32_t *ask(Machine *machine, uint32_t leaf, uint32_t subleaf);

/* A basic leaf that there isn't would be answered with another's bits; of the extended ones, those up to 0x80000001 are
 * on every CPU of 64 bits. */
COLD static int hasLeaf(Machine *machine, uint32_t leaf) {
  return leaf == 0 || leaf >= UINT32_C(0x80000000) || leaf <= ask(machine, 0, 0)[0];
}

COLD static Answer answerOf(Machine *machine, uint32_t leaf, uint32_t subleaf) {
  Answer answer = {leaf, subleaf, {0, 0, 0, 0}};
  uint32_t *found = answer.registers;
  if (leaf == BATTEN_CPUID_TILES)
    found[0] = (uint32_t)tilesAreGranted();
  else if (leaf != BATTEN_CPUID_XCR0 && hasLeaf(machine, leaf))
    __cpuid_count(leaf, subleaf, found[0], found[1], found[2], found[3]);
  else if (leaf == BATTEN_CPUID_XCR0 && ask(machine, 1, 0)[2] & UINT32_C(1) << 27) /* OSXSAVE: xgetbv may be used */
    __asm__ volatile("xgetbv" : "=a"(found[0]), "=d"(found[3]) : "c"(0));
  return answer;
}

COLD static const uint32_t *ask(Machine *machine, uint32_t leaf, uint32_t subleaf) {
  for (uint32_t i = 0; i < machine->count && i < AnswersKept; ++i)
    if (machine->answers[i].leaf == leaf && machine->answers[i].subleaf == subleaf)
      return machine->answers[i].registers;
  const Answer answer = answerOf(machine, leaf, subleaf); /* may have asked for others */
  Answer *kept = &machine->answers[machine->count++ % AnswersKept];
  *kept = answer;
  return kept->registers;
}

COLD static int has(Machine *machine, const batten_cpuid *required) {
  const uint32_t *registers = ask(machine, required->leaf, required->subleaf);
  return (registers[required->reg & 3] & required->mask) == required->mask;
}

COLD static int refuseWeight(const batten_weight *weight, const char *text, batten_status status, batten_error *error) {
  Sentence s = begin(error, "weights.", weight->field);
  addText(&s, text);
  return refuse(&s, status, 2);
}

COLD static int checkWeight(const batten_weight *weight, int64_t bytes, const void *data, const void *memory,
                            int64_t memoryBytes, batten_error *error) {
  if (!data)
    return refuseWeight(weight, ": it is NULL", BATTEN_E_WEIGHTS, error);
  if (misaligned(data, BATTEN_DTYPE_BYTES(weight->dtype)))
    return refuseWeight(weight, ": it is not aligned to its element size", BATTEN_E_ALIGN, error);
  if (overlaps(memory, memoryBytes, data, bytes))
    return refuseWeight(weight, ": it overlaps the program's memory", BATTEN_E_OVERLAP, error);
  return 0;
}

COLD static int checkWeights(const batten_description *description, const void *memory, const void *const *weights,
                             batten_error *error) {
  if (!weights)
    return refuseWith(error, "weights", ": it is NULL", BATTEN_E_NULL, 2);
  for (int64_t i = 0; i < description->weight_count; ++i) {
    const batten_weight *weight = &description->weights[i];
    int64_t bytes = BATTEN_DTYPE_BYTES(weight->dtype);
    for (int32_t d = 0; d < weight->rank; ++d)
      bytes *= weight->shape[d];
    const int result = checkWeight(weight, bytes, weights[i], memory, description->program_bytes, error);
    if (result)
      return result;
  }
  return 0;
}

COLD static int checkMemory(const batten_description *description, const void *memory, int64_t bytes,
                            batten_error *error) {
  if (!memory)
    return refuseWith(error, "memory", ": it is NULL", BATTEN_E_NULL, 0);
  if (misaligned(memory, Alignment))
    return refuseWith(error, "memory", ": it must be aligned to 64 bytes", BATTEN_E_ALIGN, 0);
  if (bytes >= description->program_bytes)
    return 0;
  Sentence s = begin(error, "memory_bytes", ": ");
  addNumber(&s, bytes);
  addText(&s, " given, ");
  addNumber(&s, description->program_bytes);
  addText(&s, " needed");
  return refuse(&s, BATTEN_E_MEMORY, 1);
}

COLD static int chooseLevel(const batten_description *description, batten_error *error, uint32_t *chosen) {
  Machine machine;
  machine.count = 0;
  for (int64_t i = 0; i < description->level_count; ++i) {
    const batten_level *level = &description->levels[i];
    int64_t met = 0;
    while (met < level->required_count && has(&machine, &level->required[met]))
      ++met;
    if (met == level->required_count) {
      *chosen = (uint32_t)i;
      return 0;
    }
  }
  Sentence s = begin(error, "memory", ": this CPU or its operating system has none of the levels built in:");
  for (int64_t i = 0; i < description->level_count; ++i) {
    addText(&s, i ? ", " : " ");
    addText(&s, description->levels[i].name);
  }
  return refuse(&s, BATTEN_E_CPU, 0);
}

COLD int batten_support_check_bind(const batten_description *description, void *memory, int64_t memoryBytes,
                                   const void *const *weights, const void **program, batten_error *error,
                                   uint32_t *level) {
  int result = checkMemory(description, memory, memoryBytes, error);
  if (!result && description->weight_count)
    result = checkWeights(description, memory, weights, error);
  if (!result && !program)
    result = refuseWith(error, "program", ": it is NULL", BATTEN_E_NULL, description->weight_count ? 3 : 2);
  return result ? result : chooseLevel(description, error, level);
}

enum { PageBytes = 4096 };

/* madvise(MADV_DONTNEED) of whole pages. */
COLD static int dropPages(uintptr_t begin, uintptr_t end) {
  long result = 28; /* SYS_madvise */
  __asm__ volatile("syscall" : "+a"(result) : "D"(begin), "S"(end - begin), "d"(4L) : "rcx", "r11", "memory");
  return result == 0;
}

/* Pages of a file come back as they were. Where a loader has copied the program into memory of no file, they would come
 * back as zeros, so a page that holds no weights goes first. */
COLD void batten_support_release_weights(const void *weights, int64_t bytes) {
  const uintptr_t begin = ((uintptr_t)weights + PageBytes - 1) & -(uintptr_t)PageBytes;
  const uintptr_t end = (uintptr_t)weights + (uintptr_t)bytes;
  const uintptr_t tried = (end + PageBytes - 1) & -(uintptr_t)PageBytes;
  if (!dropPages(tried, tried + PageBytes))
    return;
  for (int64_t i = 0; i < PageBytes; ++i)
    if (((const unsigned char *)tried)[i] != BATTEN_TRIED_BYTE)
      return;
  dropPages(begin, end & -(uintptr_t)PageBytes);
}

/* Last, so that memory whose bind was refused or is under way is never taken for a program. */
void batten_support_finish_bind(const batten_description *description, void *memory, uint32_t level,
                                const void **program) {
  batten_program_header *header = (batten_program_header *)memory;
  *header = (batten_program_header){.magic = description->magic, .abi = BATTEN_ABI, .level = level};
  *program = memory;
}
