/* Launch.c - a kernel over its range, on one thread or several.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "compiler/codegen/support/Support.h"

/* Slots [first, last) of a launch: the first `units % slots` of them have one unit of `grain` more. */
static void runSlots(void *context, int64_t first, int64_t last) {
  const batten_launch *launch = (const batten_launch *)context;
  const int64_t units = launch->range / launch->grain + (launch->range % launch->grain != 0);
  const int64_t each = units / launch->slots, longer = units % launch->slots;
  for (int64_t slot = first; slot < last; ++slot) {
    const int64_t from = slot * each + (slot < longer ? slot : longer);
    const int64_t to = from + each + (slot < longer);
    const int64_t end = to == units ? launch->range : to * launch->grain;
    void *scratch = slot ? (char *)launch->further + (slot - 1) * launch->scratch_bytes : launch->scratch;
    launch->kernel(launch, from * launch->grain, end, scratch);
  }
}

/* parallel_for tells no thread number, so the pieces themselves are numbered: each is one slot with a scratch of its
 * own, whichever thread takes it. */
void batten_support_launch(batten_launch *launch, const batten_call *call, int64_t room) {
  if (launch->range <= 0)
    return;
  launch->slots = 1;
  if (call && call->parallel_for && call->threads > 1) {
    const int64_t units = launch->range / launch->grain + (launch->range % launch->grain != 0);
    const int64_t fitting = launch->scratch_bytes ? 1 + room / launch->scratch_bytes : units;
    int64_t slots = call->threads < units ? call->threads : units;
    launch->slots = slots < fitting ? slots : fitting;
  }
  if (launch->slots > 1)
    call->parallel_for(call->pool, launch->slots, runSlots, launch);
  else
    launch->kernel(launch, 0, launch->range, launch->scratch);
}
