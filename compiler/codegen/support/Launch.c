/* Launch.c - a kernel over its range, on one thread or several.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "compiler/codegen/support/Support.h"

/* Multiply-adds that are worth a thread's while: about 5 us, some times what a launch on threads takes. */
enum { LEAST_WORK = 1 << 18 };

/* Slots [first, last) of a launch: the first `range % slots` of them have one unit more. */
static void runSlots(void *context, int64_t first, int64_t last) {
  const batten_launch *launch = (const batten_launch *)context;
  const int64_t each = launch->range / launch->slots, longer = launch->range % launch->slots;
  for (int64_t slot = first; slot < last; ++slot) {
    const int64_t from = slot * each + (slot < longer ? slot : longer);
    void *scratch = slot ? (char *)launch->further + (slot - 1) * launch->scratch_bytes : launch->scratch;
    launch->kernel(launch, from, from + each + (slot < longer), scratch);
  }
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* parallel_for tells no thread number, so the pieces themselves are numbered: each is one slot with a scratch of its
 * own, whichever thread takes it. */
void batten_support_launch(batten_launch *launch, const batten_call *call, int64_t room) {
  if (launch->range <= 0)
    return;
  launch->slots = 1;
  if (call && call->parallel_for && call->threads > 1) {
    launch->slots = least(least(call->threads, launch->range), launch->work / LEAST_WORK);
    if (launch->scratch_bytes)
      launch->slots = least(launch->slots, 1 + room / launch->scratch_bytes);
  }
  if (launch->slots > 1)
    call->parallel_for(call->pool, launch->slots, runSlots, launch);
  else
    launch->kernel(launch, 0, launch->range, launch->scratch);
}
