// StatusTest.cpp - sentences of refusals: cut where they must be, fit for a terminal.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/status.h"
#include "runtime/nearest.h"

#include "gtest/gtest.h"

#include <string>

using namespace batten::runtime;

namespace {

TEST(Status, EveryStatusHasItsName) {
  EXPECT_STREQ(batten_status_name(0), "BATTEN_OK");
  for (int status = 0; status < 16; ++status)
    EXPECT_STRNE(batten_status_name(status), "unknown status") << status;
  for (int status = BATTEN_E_FILE; status <= BATTEN_E_CLOSED; ++status)
    EXPECT_STRNE(batten_status_name(status), "unknown status") << status;
  EXPECT_STREQ(batten_status_name(63), "unknown status");
}

TEST(Status, RefusalCarriesStatusArgumentAndSentence) {
  batten_error error;
  const int result = refuse(&error, BATTEN_E_SHAPE, 4, "dim %s is %d", "T", 128);
  EXPECT_EQ(BATTEN_CODE(result), BATTEN_E_SHAPE);
  EXPECT_EQ(BATTEN_ARGUMENT(result), 4);
  EXPECT_EQ(error.result, result);
  EXPECT_STREQ(error.message, "dim T is 128");
  EXPECT_EQ(refuse(nullptr, BATTEN_E_SHAPE, 4, "unheard"), result);
}

TEST(Status, LongSentencesEndInAnEllipsis) {
  batten_error error;
  refuse(&error, BATTEN_E_FILE, 0, "%s", std::string(400, 'x').c_str());
  EXPECT_EQ(std::string(error.message), std::string(248, 'x') + "...");
  char text[8];
  Sentence sentence(text, sizeof text);
  sentence.add("abc");
  sentence.add("defgh");
  sentence.add("never");
  EXPECT_STREQ(text, "abcd...");
}

TEST(Status, NamesFromFilesCannotDriveATerminal) {
  EXPECT_STREQ(Printable("a\x1b[31mb\x7f\n").text(), "a?[31mb??");
  EXPECT_STREQ(Printable("c1 \xc2\x9b, not \xc2\xa0 and \xc3\xa9").text(), "c1 ??, not \xc2\xa0 and \xc3\xa9");
  std::string longName = "x";
  for (int i = 0; i < 100; ++i)
    longName += "\xe2\x82\xac"; // three bytes: the cut may fall inside one
  const std::string cut = Printable(longName.c_str()).text();
  EXPECT_LT(cut.size(), 160u);
  EXPECT_EQ(cut.substr(cut.size() - 3), "...");
  EXPECT_EQ((cut.size() - 3) % 3, 1u);
}

TEST(Nearest, DistanceCountsEdits) {
  const auto distance = [](const std::string &a, const std::string &b) {
    return editDistance(a.data(), static_cast<int64_t>(a.size()), b.data(), static_cast<int64_t>(b.size()));
  };
  EXPECT_EQ(distance("", ""), 0);
  EXPECT_EQ(distance("abc", ""), 3);
  EXPECT_EQ(distance("kitten", "sitting"), 3);
  EXPECT_EQ(distance("h.0.mlp.up", "h.0.mlp.c_fc.weight"), 11);
}

TEST(Nearest, BestTwoComeFirstAndFarOnesNotAtAll) {
  Nearest nearest("blocks.0.wq");
  nearest.offer(0, "completely different name", true);
  nearest.offer(1, "blocks.0.wkqv", false);
  nearest.offer(2, "blocks.0.wk", false);
  nearest.offer(3, "blocks.0.wv", true); // as near as 2, but its shape fits
  nearest.offer(4, std::string(129, 'b').c_str(), true);
  ASSERT_EQ(nearest.count(), 2);
  EXPECT_EQ(nearest.candidate(0), 3);
  EXPECT_EQ(nearest.candidate(1), 2);
}

} // namespace
