#include "hub/settings.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::hub {
namespace {

/// An environment without any of the variables, and a home that is empty.
class HubSettings : public ::testing::Test {
 protected:
  HubSettings() {
    for (const char* name : {"HF_ENDPOINT",
                             "HF_HUB_CACHE",
                             "HF_HOME",
                             "XDG_CACHE_HOME",
                             "HF_TOKEN",
                             "HF_TOKEN_PATH",
                             "HF_HUB_DISABLE_IMPLICIT_TOKEN",
                             "HF_HUB_OFFLINE",
                             "HF_HUB_ETAG_TIMEOUT",
                             "HF_HUB_DOWNLOAD_TIMEOUT",
                             "HF_HUB_DISABLE_SYMLINKS",
                             "HF_HUB_DISABLE_PROGRESS_BARS"}) {
      ::unsetenv(name);
    }
    set("HOME", home_.path().string());
  }
  static void set(const char* name, const std::string& value) { ::setenv(name, value.c_str(), 1); }
  test::TemporaryFolder home_{};
};

TEST_F(HubSettings, Defaults) {
  const Settings settings = settings_from_environment();
  EXPECT_EQ(settings.endpoint, "https://huggingface.co");
  EXPECT_EQ(settings.cache, home_ / ".cache/huggingface/hub");
  EXPECT_EQ(settings.token, "");
  EXPECT_FALSE(settings.offline);
  EXPECT_TRUE(settings.symlinks);
  EXPECT_TRUE(settings.user_agent.starts_with("tessera/"));
}

TEST_F(HubSettings, TheCacheFolderByThreeVariables) {
  set("XDG_CACHE_HOME", "relative");
  EXPECT_EQ(cache_from_environment(), home_ / ".cache/huggingface/hub") << "does not count";
  set("XDG_CACHE_HOME", "/x");
  EXPECT_EQ(cache_from_environment(), "/x/huggingface/hub");
  set("HF_HOME", "~/hf");
  EXPECT_EQ(cache_from_environment(), home_ / "hf/hub");
  set("HF_HUB_CACHE", "/shared/models");
  EXPECT_EQ(cache_from_environment(), "/shared/models");
}

TEST_F(HubSettings, TheTokenFromAVariableOrAFile) {
  set("HF_HOME", home_.path().string());
  home_.write("token", "hf_from_home\n");
  EXPECT_EQ(settings_from_environment().token, "hf_from_home");
  set("HF_TOKEN_PATH", home_.write("elsewhere", " hf_elsewhere ").string());
  EXPECT_EQ(settings_from_environment().token, "hf_elsewhere");
  set("HF_TOKEN", "hf_variable\r\n");
  EXPECT_EQ(settings_from_environment().token, "hf_variable");
  set("HF_TOKEN", "hf_a\nX-Other: b");
  test::expect_error(ErrorCode::kInvalidArgument, "HF_TOKEN", [] { settings_from_environment(); });
  set("HF_HUB_DISABLE_IMPLICIT_TOKEN", "yes");
  EXPECT_EQ(settings_from_environment().token, "");
}

TEST_F(HubSettings, SwitchesAndNumbers) {
  for (const char* yes : {"1", "on", "True", "YES"}) {
    set("HF_HUB_OFFLINE", yes);
    EXPECT_TRUE(settings_from_environment().offline) << yes;
  }
  set("HF_HUB_OFFLINE", "0");
  EXPECT_FALSE(settings_from_environment().offline);
  set("HF_HUB_DOWNLOAD_TIMEOUT", "3.5");
  EXPECT_EQ(settings_from_environment().stall_seconds, 3.5);
  set("HF_HUB_DOWNLOAD_TIMEOUT", "soon");
  test::expect_error(
      ErrorCode::kInvalidArgument, "HF_HUB_DOWNLOAD_TIMEOUT", [] { settings_from_environment(); });
}

TEST_F(HubSettings, TheEndpointIsAWebAddress) {
  const std::string endpoint = std::string("https:") + "//mirror/models";
  set("HF_ENDPOINT", endpoint + "//");
  EXPECT_EQ(settings_from_environment().endpoint, endpoint);
  for (const char* wrong : {"mirror", "ftp:/x", "https:/x", "a b"}) {
    set("HF_ENDPOINT", wrong);
    test::expect_error(
        ErrorCode::kInvalidArgument, "HF_ENDPOINT", [] { settings_from_environment(); });
  }
}

}  // namespace
}  // namespace tessera::hub
