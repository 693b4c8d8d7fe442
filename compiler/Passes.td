#ifndef BATTEN_PASSES_TD
#define BATTEN_PASSES_TD
include "mlir/Pass/PassBase.td"
// Each stage adds its passes here: summary, contract, options.
#endif
