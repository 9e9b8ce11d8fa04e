#pragma once

#include <filesystem>
#include <string>

namespace tessera::hub {

/// Where models come from and where they are kept. The names and defaults are those that the other
/// tools of the shared cache use.
struct Settings {
  std::string endpoint = "https://huggingface.co";  // no "/" at the end
  std::filesystem::path cache{};                    // the folder that holds models--ORG--NAME
  std::string token{};                              // sent to the endpoint alone; empty = none
  bool offline = false;                             // never open a connection
  bool symlinks = true;                             // else files stand in the snapshot themselves
  bool progress = true;                             // else no progress is reported
  double connect_seconds = 10;
  double stall_seconds = 10;  // a connection without a byte for so long is broken
  int attempts = 5;           // failures in a row without a byte of progress
  double first_wait = 1;      // seconds before the second attempt, doubled for each further one
  double longest_wait = 300;
  std::string user_agent{};
  std::string certificates{};  // file of accepted authorities; empty = the system's
};

/// From HF_ENDPOINT; HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME; HF_TOKEN, the file HF_TOKEN_PATH,
/// HF_HUB_DISABLE_IMPLICIT_TOKEN; HF_HUB_OFFLINE; HF_HUB_ETAG_TIMEOUT, HF_HUB_DOWNLOAD_TIMEOUT;
/// HF_HUB_DISABLE_SYMLINKS, HF_HUB_DISABLE_PROGRESS_BARS; CURL_CA_BUNDLE, SSL_CERT_FILE.
/// Proxies are libcurl's matter (https_proxy, no_proxy). Throws kInvalidArgument naming a variable
/// whose value cannot be.
Settings settings_from_environment();

/// $HF_HUB_CACHE, else $HF_HOME/hub, else $XDG_CACHE_HOME/huggingface/hub, else
/// ~/.cache/huggingface/hub. Need not exist.
std::filesystem::path cache_from_environment();

}  // namespace tessera::hub
