#include "core/error.h"

#include <gtest/gtest.h>

namespace tessera {
namespace {

TEST(Error, CarriesCodeMessageAndPlace) {
  try {
    const int k = 1;
    TESSERA_CHECK(k > 1, kInvalidArgument, "codebook_size must be at least 2, got ", k);
    FAIL() << "the check passed";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kInvalidArgument);
    EXPECT_STREQ(e.what(), "codebook_size must be at least 2, got 1");
    EXPECT_NE(e.where().find("error_test.cpp:"), std::string::npos);
  }
}

TEST(Error, EveryCodeHasAName) {
  for (int code = 0; code <= static_cast<int>(ErrorCode::kInternal); ++code) {
    EXPECT_STRNE(to_string(static_cast<ErrorCode>(code)), "unknown") << code;
  }
}

}  // namespace
}  // namespace tessera
