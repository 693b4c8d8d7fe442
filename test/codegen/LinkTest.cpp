// LinkTest.cpp - the linker inside the process leaves the process as it was.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Tiny.h"
#include "gtest/gtest.h"
#include <csignal>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <vector>

TEST(Link, ManyThreadsAtOnceGiveTheSameBytes) {
  std::vector<std::string> results(4);
  std::vector<std::thread> threads;
  for (std::string &result : results)
    threads.emplace_back([&result] {
      std::string error;
      result = batten::linkShared(tiny().object, "libtiny.so", error).value_or(error);
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_GT(results[0].size(), 4096u);
  for (const std::string &result : results)
    EXPECT_EQ(result, results[0]);
}

TEST(Link, AFailedLinkSaysSoAndTheNextOneWorks) {
  std::string error;
  EXPECT_FALSE(batten::linkShared("this is no object", "", error));
  EXPECT_NE(error.find("internal error: the link failed: "), std::string::npos) << error;
  EXPECT_TRUE(batten::linkShared(tiny().object, "", error));
}

// The files of a link: one for the object, which lld opens once more.
TEST(Link, TooManyOpenFilesAreNoLackOfRoom) {
  ASSERT_TRUE(tiny().library);
  rlimit before, few;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  for (int files : {0, 1}) {
    int next = dup(0);
    close(next);
    few = {rlim_t(next + files), before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
    std::string error;
    auto library = batten::linkShared(tiny().object, "", error);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_FALSE(library);
    EXPECT_EQ(error.find("internal error: "), 0u) << error;
    EXPECT_NE(error.find("Too many open files"), std::string::npos) << error;
  }
}

TEST(Link, SignalHandlersStay) {
  struct sigaction ours = {}, before, after;
  ours.sa_handler = [](int) {};
  sigaction(SIGUSR2, &ours, &before);
  std::string error;
  ASSERT_TRUE(batten::linkShared(tiny().object, "", error));
  sigaction(SIGUSR2, &before, &after);
  EXPECT_EQ(after.sa_handler, ours.sa_handler);
  sigaction(SIGSEGV, nullptr, &after);
  EXPECT_EQ(after.sa_handler, SIG_DFL);
}
