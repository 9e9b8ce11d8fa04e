#pragma once

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace tessera::test {

/// Runs `statement` and expects a tessera::Error of `code` whose message holds `part`, on one line.
template <typename Statement>
void expect_error(ErrorCode code, const std::string& part, Statement&& statement) {
  try {
    statement();
    ADD_FAILURE() << "nothing was thrown; wanted \"" << part << "\"";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_THAT(error.what(), ::testing::HasSubstr(part));
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
  }
}

}  // namespace tessera::test
