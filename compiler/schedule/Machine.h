// Machine.h - what schedules may know of a CPU, by its LLVM name.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_SCHEDULE_MACHINE_H
#define BATTEN_COMPILER_SCHEDULE_MACHINE_H

#include "compiler/kernels/Kernels.h"

namespace batten {

/// The description of `cpu` ("x86-64-v3", "x86-64-v4", "znver5", "sapphirerapids", ...). A name that has no entry of
/// its own takes the one of its widest vectors. nullopt: LLVM knows no such x86-64 CPU, or it lacks AVX2 and FMA.
std::optional<Level> describeMachine(llvm::StringRef cpu);

} // namespace batten
#endif // BATTEN_COMPILER_SCHEDULE_MACHINE_H
