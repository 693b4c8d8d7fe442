// LinkTest.cpp - the linker inside the process leaves the process as it was.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Tiny.h"
#include "gtest/gtest.h"
#include <csignal>
#include <thread>
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
