# Writes the commit of the checkout SOURCE to OUTPUT as C++ constants, with "-dirty" behind it where files differ from
# it. OUTPUT stays untouched where it says so already: cmake -DSOURCE=... -DOUTPUT=... -P Commit.cmake
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
if(EXISTS ${SOURCE}/.git) # sources without one may lie below another checkout, whose commit is not theirs
  execute_process(COMMAND git describe --always --dirty --abbrev=10 --exclude=* WORKING_DIRECTORY ${SOURCE}
                  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT commit)
  set(commit unknown)
endif()
file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT [[#include "compiler/Version.h"
const char *const batten::sourceCommit = "@commit@";
const char *const batten::versionText = "batten " BATTEN_VERSION " (commit @commit@, LLVM " BATTEN_LLVM_VERSION ")";
]])
