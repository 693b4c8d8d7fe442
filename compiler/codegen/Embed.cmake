# Writes the bytes of INPUT as a C array initialiser to OUTPUT: cmake -DINPUT=... -DOUTPUT=... -P Embed.cmake
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
file(READ ${INPUT} hex HEX)
string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE ${OUTPUT} "${bytes}\n")
