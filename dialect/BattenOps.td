// BattenOps.td - every op of the dialect, by family. Each op gives its formula on cores, its constraints (C1..) and one
// example line that occurs in a test. A check in the verifier carries the label `op_cN` of its constraint.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_BATTENOPS_TD
#define BATTEN_BATTENOPS_TD

include "dialect/BattenFunctionOps.td"
include "dialect/BattenElementwiseOps.td"
include "dialect/BattenContractionOps.td"
include "dialect/BattenReductionOps.td"
include "dialect/BattenLossOps.td"
include "dialect/BattenOrderOps.td"
include "dialect/BattenShapeOps.td"
include "dialect/BattenWindowOps.td"
include "dialect/BattenGatherOps.td"
include "dialect/BattenAttentionOps.td"
include "dialect/BattenTensorOps.td"
include "dialect/BattenPlanOps.td"

#endif // BATTEN_BATTENOPS_TD
