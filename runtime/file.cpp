// file.cpp - open, pread, write, close and rename with every partial result and interruption handled.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "file.h"

#include "hooks.h"
#include "status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

namespace batten::runtime {

namespace {

// Linux moves at most 2 GiB less a page in one call anyway.
constexpr int64_t maximumTransfer = 1 << 30;

/// Of a long path the end, which tells more than the beginning; the reason must still fit into the sentence.
void setName(char (&name)[160], const char *path) {
  constexpr size_t room = 120;
  const size_t length = strlen(path);
  const char *tail = length > room ? path + length - room : path;
  while (((unsigned char)*tail & 0xc0) == 0x80)
    ++tail; // does not begin within a character
  Sentence text(name, sizeof name);
  text.add("%s%s", tail == path ? "" : "...", Printable(tail).text());
}

/// Never strerror, which shares one buffer among threads.
const char *describeError(int number, char *buffer, size_t size) {
#ifdef __GLIBC__
  (void)buffer, (void)size;
  const char *text = strerrordesc_np(number); // nor strerror_r, which reads the locale
  return text ? text : "unknown error";
#else
  return strerror_r(number, buffer, size) ? "unknown error" : buffer;
#endif
}

int refuseErrno(batten_error *error, const char *what, const char *name) {
  char buffer[96];
  const int number = errno;
  return BATTEN_REFUSE(error, BATTEN_E_FILE, "cannot %s `%s`: %s", what, name,
                       describeError(number, buffer, sizeof buffer));
}

int openRetrying(const char *path, int flags) {
  int descriptor;
  do
    descriptor = ::open(path, flags, 0666);
  while (descriptor < 0 && errno == EINTR);
  return descriptor;
}

/// /dev/stdout, /dev/fd/3, /proc/self/fd/3: a file by way of someone's descriptor, which a rename would leave behind.
bool namesDescriptor(const char *path) { return !strncmp(path, "/dev/", 5) || !strncmp(path, "/proc/", 6); }

} // namespace

InputFile::~InputFile() {
  if (descriptor >= 0)
    ::close(descriptor);
}

int InputFile::open(const char *path, batten_error *error) {
  if (!path)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "a path is NULL");
  setName(fileName, path);
  // Without O_NONBLOCK the open of a named pipe would wait for a writer; for regular files it says nothing.
  descriptor = openRetrying(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0)
    return refuseErrno(error, "open", fileName);
  struct stat status;
  if (fstat(descriptor, &status))
    return refuseErrno(error, "ask for the size of", fileName);
  if (!S_ISREG(status.st_mode))
    return BATTEN_REFUSE(error, BATTEN_E_FILE, "`%s` is not a regular file", fileName);
  fileSize = status.st_size;
  changed = status.st_mtim;
  return 0;
}

int InputFile::read(int64_t offset, void *data, int64_t bytes, batten_error *error) const {
  const auto hooked = hooks.read.load(std::memory_order_relaxed);
  char *at = static_cast<char *>(data);
  while (bytes > 0) {
    const size_t wanted = (size_t)(bytes < maximumTransfer ? bytes : maximumTransfer);
    const ssize_t got = hooked ? hooked(descriptor, at, wanted, offset) : pread(descriptor, at, wanted, offset);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return refuseErrno(error, "read", fileName);
    if (got == 0)
      return BATTEN_REFUSE(error, BATTEN_E_FILE, "`%s` became shorter while it was read", fileName);
    at += got;
    offset += got;
    bytes -= got;
  }
  struct stat status;
  if (fstat(descriptor, &status))
    return refuseErrno(error, "ask for the size of", fileName);
  const bool same = status.st_size == fileSize && status.st_mtim.tv_sec == changed.tv_sec &&
                    status.st_mtim.tv_nsec == changed.tv_nsec;
  return same ? 0 : BATTEN_REFUSE(error, BATTEN_E_FILE, "`%s` was changed while it was read", fileName);
}

OutputFile::~OutputFile() {
  if (descriptor >= 0)
    ::close(descriptor);
  if (*temporary)
    unlink(temporary);
}

int OutputFile::open(const char *path, batten_error *error) {
  if (!path)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "a path is NULL");
  setName(fileName, path);
  struct stat link;
  if (lstat(path, &link) && errno == ENOENT) {
    snprintf(target, sizeof target, "%s", path); // fits: a longer one is ENAMETOOLONG
    return openBeside("open for writing", error);
  }
  // Without O_TRUNC: this asks whether the file may be written. A link to nothing makes what it points at.
  descriptor = openRetrying(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY);
  struct stat earlier;
  if (descriptor < 0 || fstat(descriptor, &earlier))
    return refuseErrno(error, "open for writing", fileName);
  if (!S_ISREG(earlier.st_mode))
    return 0;
  if (namesDescriptor(path))
    return ftruncate(descriptor, 0) ? refuseErrno(error, "empty", fileName) : 0;
  ::close(descriptor);
  descriptor = -1;
  if (!realpath(path, target))
    return refuseErrno(error, "find the place of", fileName);
  if (const int result = openBeside("make the file that is to replace", error))
    return result;
  return fchmod(descriptor, earlier.st_mode & 07777) ? refuseErrno(error, "set the mode of", fileName) : 0;
}

/// A short name of its own, as the longest that a folder takes has no room for a suffix.
int OutputFile::openBeside(const char *what, batten_error *error) {
  const char *slash = strrchr(target, '/');
  const int folder = slash ? (int)(slash + 1 - target) : 0;
  for (int attempt = 0;; ++attempt) {
    const int length =
        snprintf(temporary, sizeof temporary, "%.*s.batten-%ld-%d", folder, target, (long)getpid(), attempt);
    errno = ENAMETOOLONG;
    if (length < (int)sizeof temporary)
      descriptor = openRetrying(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC);
    if (descriptor >= 0)
      return 0;
    if (errno == EEXIST) // another thread's
      continue;
    *temporary = '\0';
    return refuseErrno(error, what, fileName);
  }
}

int OutputFile::write(const void *data, int64_t bytes, batten_error *error) {
  const auto hooked = hooks.write.load(std::memory_order_relaxed);
  const char *at = static_cast<const char *>(data);
  while (bytes > 0) {
    const size_t wanted = (size_t)(bytes < maximumTransfer ? bytes : maximumTransfer);
    const ssize_t put = hooked ? hooked(descriptor, at, wanted) : ::write(descriptor, at, wanted);
    if (put < 0 && errno == EINTR)
      continue;
    if (put < 0)
      return refuseErrno(error, "write", fileName);
    at += put;
    bytes -= put;
  }
  return 0;
}

int OutputFile::close(batten_error *error) {
  const int result = ::close(descriptor);
  descriptor = -1;
  // EINTR here means closed all the same on Linux, and a second close could hit another thread's file.
  if (result && errno != EINTR)
    return refuseErrno(error, "finish writing", fileName);
  if (*temporary && rename(temporary, target))
    return refuseErrno(error, "replace", fileName);
  *temporary = '\0';
  return 0;
}

} // namespace batten::runtime
