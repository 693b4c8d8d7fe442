// Link.cpp - objects -> archives and shared libraries, in this process.
//
// lld is a library here. It keeps global state, so links go one at a time; its first one installs handlers for some
// signals (to remove its temporary files), which would catch a crash of a program under `batten run`, so ours are put
// back. Inputs are anonymous files; the output can't be one, because lld writes beside it and renames.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/Codegen.h"
#include "compiler/codegen/Join.h"
#include "lld/Common/Driver.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ObjCopy/CommonConfig.h"
#include "llvm/ObjCopy/ELF/ELFConfig.h"
#include "llvm/ObjCopy/ELF/ELFObjcopy.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <vector>

LLD_HAS_DRIVER(elf)

namespace batten {

static bool isLackOfRoom(int failure) { return llvm::is_contained({ENOSPC, EDQUOT, EFBIG, ENOMEM}, failure); }

namespace {

/// Puts the signal handlers back that were there when it was made.
class SignalGuard {
public:
  SignalGuard() {
    for (int signal = 1; signal < count; ++signal)
      known[signal] = sigaction(signal, nullptr, &saved[signal]) == 0;
  }
  ~SignalGuard() {
    for (int signal = 1; signal < count; ++signal)
      if (known[signal] && signal != SIGKILL && signal != SIGSTOP)
        sigaction(signal, &saved[signal], nullptr);
  }

private:
  static constexpr int count = 32;
  struct sigaction saved[count];
  bool known[count];
};

/// Bytes that have a path.
class AnonymousFile {
public:
  explicit AnonymousFile(llvm::StringRef bytes) : descriptor(memfd_create("batten", MFD_CLOEXEC)) {
    failure = descriptor < 0 ? errno : 0;
    while (failure == 0 && !bytes.empty()) {
      ssize_t written = write(descriptor, bytes.data(), bytes.size());
      if (written > 0)
        bytes = bytes.drop_front(written);
      else if (written == 0)
        failure = EIO;
      else if (errno != EINTR)
        failure = errno;
    }
  }
  ~AnonymousFile() {
    if (descriptor >= 0)
      close(descriptor);
  }
  AnonymousFile(const AnonymousFile &) = delete;
  AnonymousFile &operator=(const AnonymousFile &) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor); }
  int failure; ///< of the system, where the bytes are not there; else 0

private:
  int descriptor;
};

/// A folder of our own with room for so many bytes, in memory where there is one, gone with this object.
class PrivateFolder {
public:
  explicit PrivateFolder(uint64_t bytes) {
    const char *temporary = std::getenv("TMPDIR");
    for (std::string parent : {"/dev/shm", temporary ? temporary : "/tmp", "/tmp"}) {
      struct statvfs space;
      path = parent + "/batten-XXXXXX";
      if (statvfs(parent.c_str(), &space) != 0)
        continue;
      failure = space.f_bavail * space.f_frsize < bytes ? ENOSPC : mkdtemp(path.data()) ? 0 : errno;
      if (failure == 0)
        return;
    }
    path.clear();
  }
  ~PrivateFolder() {
    if (path.empty())
      return;
    unlink(output().c_str());
    rmdir(path.c_str());
  }
  PrivateFolder(const PrivateFolder &) = delete;
  PrivateFolder &operator=(const PrivateFolder &) = delete;
  std::string output() const { return path + "/out"; }
  std::string path;
  int failure = ENOENT; ///< of the system, in the last parent that there is; 0: the folder is there
};

/// The files that a link reads, and the folder of what it makes.
class LinkFiles {
public:
  explicit LinkFiles(llvm::ArrayRef<llvm::StringRef> objects) : bytes(mostBytesOf(objects)), folder(bytes) {
    for (llvm::StringRef object : objects)
      inputs.push_back(std::make_unique<AnonymousFile>(object));
  }
  /// Why they are not there; empty: they are.
  std::string failure() const {
    int failure = folder.failure;
    for (const auto &input : inputs)
      failure = failure ? failure : input->failure;
    if (failure == 0)
      return "";
    if (!isLackOfRoom(failure))
      return "internal error: the linker's files can't be made: " + std::string(strerror(failure));
    return (noRoom + ": it needs " + std::to_string(bytes / 1000000 + 1) + " MB in memory and in one of /dev/shm, " +
            "$TMPDIR and /tmp")
        .str();
  }
  std::vector<std::string> paths() const {
    std::vector<std::string> paths;
    for (const auto &input : inputs)
      paths.push_back(input->path());
    return paths;
  }
  std::string output() const { return folder.output(); }
  const uint64_t bytes; ///< of the output, at most

private:
  PrivateFolder folder;
  std::vector<std::unique_ptr<AnonymousFile>> inputs;

  static uint64_t mostBytesOf(llvm::ArrayRef<llvm::StringRef> objects) {
    uint64_t bytes = 1 << 20; // of headers and tables
    for (llvm::StringRef object : objects)
      bytes += object.size();
    return bytes;
  }
};

} // namespace

/// Whether a file of so many bytes has no place at `path`, which lld says in words only.
static bool lacksRoom(const std::string &path, uint64_t bytes) {
  int descriptor = open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  if (descriptor < 0)
    return isLackOfRoom(errno);
  int failure = posix_fallocate(descriptor, 0, off_t(bytes));
  close(descriptor);
  return isLackOfRoom(failure);
}

/// Runs lld on the objects.
static std::optional<std::string> link(llvm::ArrayRef<llvm::StringRef> objects, std::vector<std::string> arguments,
                                       std::string &error) {
  static std::mutex oneAtATime;
  static bool canRunAgain = true; // false once lld has crashed: its memory may be anything
  std::lock_guard<std::mutex> lock(oneAtATime);
  if (!canRunAgain) {
    error = "internal error: the linker crashed earlier in this process";
    return std::nullopt;
  }
  SignalGuard signals;
  LinkFiles files(objects);
  if (std::string failure = files.failure(); !failure.empty()) {
    error = failure;
    return std::nullopt;
  }
  arguments.insert(arguments.end(), {"--threads=1", "--build-id=none", "-o", files.output()});
  llvm::append_range(arguments, files.paths());
  std::vector<const char *> words = {"ld.lld"};
  for (const std::string &argument : arguments)
    words.push_back(argument.c_str());

  std::string messages;
  llvm::raw_string_ostream stream(messages);
  lld::Result result = lld::lldMain(words, stream, stream, {{lld::Gnu, &lld::elf::link}});
  canRunAgain = result.canRunAgain;
  auto made = llvm::MemoryBuffer::getFile(files.output());
  if (result.retCode == 0 && made)
    return (*made)->getBuffer().str();
  error = (lacksRoom(files.output(), files.bytes) ? noRoom.str() : "internal error: the link failed") + ": " + messages;
  return std::nullopt;
}

std::optional<std::string> linkShared(llvm::StringRef object, llvm::StringRef name, std::string &error) {
  // Full relro: the tables with pointers become read-only before anybody sees them.
  // What of the support code nobody calls is left out.
  std::vector<std::string> arguments = {"-shared", "--hash-style=gnu", "-z",           "relro", "-z",
                                        "now",     "-Bsymbolic",       "--gc-sections"};
  if (!name.empty())
    arguments.push_back(("-soname=" + name).str());
  return link({object}, arguments, error);
}

std::optional<std::string> joinObjects(llvm::ArrayRef<llvm::StringRef> objects, std::string &error) {
  return link(objects, {"-r"}, error);
}

std::optional<std::string> localizeHidden(llvm::StringRef object, std::string &error) {
  auto file = llvm::object::ObjectFile::createELFObjectFile(llvm::MemoryBufferRef(object, "object"));
  if (!file) {
    error = "internal error: " + llvm::toString(file.takeError());
    return std::nullopt;
  }
  llvm::objcopy::CommonConfig common;
  llvm::objcopy::ELFConfig elf;
  elf.LocalizeHidden = true;
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  auto &input = *llvm::cast<llvm::object::ELFObjectFileBase>(file->get());
  if (llvm::Error failure = llvm::objcopy::elf::executeObjcopyOnBinary(common, elf, input, stream)) {
    error = "internal error: " + llvm::toString(std::move(failure));
    return std::nullopt;
  }
  return std::string(bytes.begin(), bytes.end());
}

std::optional<std::string> makeArchive(llvm::StringRef object, llvm::StringRef name, std::string &error) {
  std::string member = (name + ".o").str();
  llvm::NewArchiveMember members[] = {llvm::NewArchiveMember(llvm::MemoryBufferRef(object, member))};
  auto archive = llvm::writeArchiveToBuffer(members, llvm::SymtabWritingMode::NormalSymtab,
                                            llvm::object::Archive::K_GNU, /*Deterministic=*/true, /*Thin=*/false);
  if (!archive) {
    error = llvm::toString(archive.takeError());
    return std::nullopt;
  }
  return (*archive)->getBuffer().str();
}

} // namespace batten
