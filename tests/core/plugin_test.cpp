#include "core/plugin.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace tessera {
namespace {

TEST(Plugin, GivesTheSymbolOfALibrary) {
  std::string missing;
  const auto cosine =
      reinterpret_cast<double (*)(double)>(open_plugin({"libm.so.6", "cos"}, missing));
  ASSERT_NE(cosine, nullptr) << missing;
  EXPECT_EQ(cosine(0.0), 1.0);
  EXPECT_EQ(missing, "");
}

TEST(Plugin, ALibraryThatIsNotThereIsNoError) {
  std::string missing;
  EXPECT_EQ(open_plugin({"libtessera_of_nobody.so", "cos"}, missing), nullptr);
  EXPECT_THAT(missing, testing::HasSubstr("libtessera_of_nobody.so"));
}

TEST(Plugin, ALibraryWithoutTheSymbolIsOfAnotherCheckout) {
  std::string missing;
  test::expect_error(ErrorCode::kUnavailable, "libm.so.6 has no tessera_cosine", [&] {
    open_plugin({"libm.so.6", "tessera_cosine"}, missing);
  });
}

}  // namespace
}  // namespace tessera
