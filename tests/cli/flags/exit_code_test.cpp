#include "cli/flags/exit_code.h"

#include <gtest/gtest.h>

namespace tessera::cli {
namespace {

TEST(ExitCode, TellsWhatACallerCanDo) {
  EXPECT_EQ(exit_code(ErrorCode::kInvalidArgument), 2);
  EXPECT_EQ(exit_code(ErrorCode::kNotFound), 3);
  EXPECT_EQ(exit_code(ErrorCode::kCorruptFile), 3);
  EXPECT_EQ(exit_code(ErrorCode::kShapeMismatch), 3);
  EXPECT_EQ(exit_code(ErrorCode::kUnavailable), 5);
  EXPECT_EQ(exit_code(ErrorCode::kIo), 1);
  EXPECT_EQ(exit_code(ErrorCode::kInternal), 1);
  EXPECT_EQ(exit_code(ErrorCode::kCancelled), 130);
}

}  // namespace
}  // namespace tessera::cli
