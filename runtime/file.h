// file.h - reading and writing whole regular files without surprises.
//
// pread into the caller's memory, not mmap: a mapped file that another process cuts short kills the host with SIGBUS,
// at whatever later instant a page is touched, and no check beforehand can prevent it. pread says so in its result. The
// price is one copy at memory speed while weights are bound, which packing then reads from cache or memory as it would
// the map.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_RUNTIME_FILE_H
#define BATTEN_RUNTIME_FILE_H

#include "batten.h"

#include <limits.h>
#include <time.h>

namespace batten::runtime {

/// A regular file opened for reading. What is read is of the file as it was then, or refused: each read looks at its
/// size and time of change again. Who replaces a file by renaming another over it disturbs nobody.
class InputFile {
public:
  InputFile() = default;
  InputFile(const InputFile &) = delete;
  InputFile &operator=(const InputFile &) = delete;
  ~InputFile();

  int open(const char *path, batten_error *error);
  int64_t size() const { return fileSize; }
  /// The path as it was given, for sentences.
  const char *name() const { return fileName; }
  /// Reads exactly these bytes, which the caller knows to lie within the size.
  int read(int64_t offset, void *data, int64_t bytes, batten_error *error) const;

private:
  int descriptor = -1;
  int64_t fileSize = 0;
  timespec changed{}; ///< when it was last written to
  char fileName[160] = "";
};

/// A file that is written from front to end, replacing what was there: whole, or not at all. It grows under another
/// name in the same folder and takes its own in close(), with the mode of the file that it replaces; a symbolic link
/// goes on to point at it. What has no place in a folder (pipes, devices, /dev/stdout) is written directly.
class OutputFile {
public:
  OutputFile() = default;
  OutputFile(const OutputFile &) = delete;
  OutputFile &operator=(const OutputFile &) = delete;
  ~OutputFile();

  int open(const char *path, batten_error *error);
  int write(const void *data, int64_t bytes, batten_error *error);
  /// Reports what the system found out only now; until then the earlier file is what the path names.
  int close(batten_error *error);

private:
  int openBeside(const char *what, batten_error *error);

  int descriptor = -1;
  char fileName[160] = "";
  char target[PATH_MAX] = "";    ///< what `temporary` is to replace, links followed
  char temporary[PATH_MAX] = ""; ///< empty where the file is written directly
};

} // namespace batten::runtime

#endif // BATTEN_RUNTIME_FILE_H
