#include "hub/settings.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "core/atomic_file.h"
#include "core/error.h"
#include "hub/repository.h"

namespace tessera::hub {
namespace fs = std::filesystem;
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

/// A path of the environment, "~/" filled in.
fs::path path_variable(const char* name) {
  const std::string value = variable(name);
  if (value == "~" || value.starts_with("~/")) return fs::path(variable("HOME") + value.substr(1));
  return value;
}

bool is_true(const char* name) {
  std::string value = variable(name);
  std::transform(value.begin(), value.end(), value.begin(), [](unsigned char c) {
    return static_cast<char>(std::toupper(c));
  });
  return value == "1" || value == "ON" || value == "YES" || value == "TRUE";
}

double seconds_variable(const char* name, double fallback) {
  const std::string value = variable(name);
  if (value.empty()) return fallback;
  char* end = nullptr;
  const double seconds = std::strtod(value.c_str(), &end);
  TESSERA_CHECK(*end == '\0' && seconds > 0 && seconds <= 86'400,
                kInvalidArgument,
                name,
                " must be a number of seconds above 0, got \"",
                value,
                "\"");
  return seconds;
}

fs::path home() {
  const fs::path given = path_variable("HF_HOME");
  if (!given.empty()) return given;
  fs::path cache = path_variable("XDG_CACHE_HOME");
  if (!cache.is_absolute()) cache = fs::path(variable("HOME")) / ".cache";
  return cache / "huggingface";
}

std::string trimmed(const std::string& text) {
  constexpr const char* kBlank = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::string token_from_environment() {
  if (is_true("HF_HUB_DISABLE_IMPLICIT_TOKEN")) return "";
  std::string token = trimmed(variable("HF_TOKEN"));
  std::string place = "HF_TOKEN";
  if (token.empty()) {
    fs::path file = path_variable("HF_TOKEN_PATH");
    if (file.empty()) file = home() / "token";
    std::error_code failed;
    if (!fs::is_regular_file(file, failed)) return "";
    token = trimmed(read_file(file, 1 << 16));
    place = file.string();
  }
  const bool plain =
      std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7f; });
  TESSERA_CHECK(plain, kInvalidArgument, place, ": holds characters that no token has");
  return token;
}

std::string endpoint_from_environment(const std::string& fallback) {
  std::string endpoint = trimmed(variable("HF_ENDPOINT"));
  if (endpoint.empty()) return fallback;
  while (endpoint.ends_with('/')) endpoint.pop_back();
  const bool plain =
      std::all_of(endpoint.begin(), endpoint.end(), [](char c) { return c > ' ' && c < 0x7f; });
  TESSERA_CHECK(plain && (endpoint.starts_with("https://") || endpoint.starts_with("http://")),
                kInvalidArgument,
                "HF_ENDPOINT must begin with https:// or http://, got \"",
                printable(endpoint),
                "\"");
  return endpoint;
}

}  // namespace

fs::path cache_from_environment() {
  const fs::path given = path_variable("HF_HUB_CACHE");
  return given.empty() ? home() / "hub" : given;
}

Settings settings_from_environment() {
  Settings settings;
  settings.endpoint = endpoint_from_environment(settings.endpoint);
  settings.cache = cache_from_environment();
  settings.token = token_from_environment();
  settings.offline = is_true("HF_HUB_OFFLINE");
  settings.symlinks = !is_true("HF_HUB_DISABLE_SYMLINKS");
  settings.progress = !is_true("HF_HUB_DISABLE_PROGRESS_BARS");
  settings.connect_seconds = seconds_variable("HF_HUB_ETAG_TIMEOUT", settings.connect_seconds);
  settings.stall_seconds = seconds_variable("HF_HUB_DOWNLOAD_TIMEOUT", settings.stall_seconds);
  settings.user_agent = "tessera/" TESSERA_VERSION;
  settings.certificates = variable("CURL_CA_BUNDLE");
  if (settings.certificates.empty()) settings.certificates = variable("SSL_CERT_FILE");
  return settings;
}

}  // namespace tessera::hub
