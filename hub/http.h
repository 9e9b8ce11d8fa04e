#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "hub/settings.h"

namespace tessera::hub {

/// Worth another attempt: a connection that broke or stalled, or an answer 408, 429, 5xx.
class TemporaryFailure : public Error {
 public:
  TemporaryFailure(const std::string& message, double wait_seconds)
      : Error(ErrorCode::kIo, message), wait_seconds_(wait_seconds) {}
  double wait_seconds() const noexcept { return wait_seconds_; }  // asked for by the server; 0 = no

 private:
  double wait_seconds_;
};

enum class Method : unsigned char { kGet, kHead };

struct HttpRequest {
  Method method = Method::kGet;
  std::string url{};
  std::vector<std::string> headers{};  // "Range: bytes=7-"
};

struct HttpReply {
  int status = 0;
  std::map<std::string, std::string> headers{};  // of the last answer; names in lower case
  /// Headers of every answer from the endpoint's own origin on the way, the first of a name.
  std::map<std::string, std::string> endpoint_headers{};
  bool redirected = false;  // the last answer came from another origin
  double retry_after = 0;   // seconds; 0 = not said

  std::string header(const std::string& name) const;           // "" = none
  std::string endpoint_header(const std::string& name) const;  // "" = none
};

/// Who takes the body of a 2xx answer. What they throw ends the transfer and comes out of send().
struct BodySink {
  std::function<void(const HttpReply&)> begin{};  // once, before the first byte; also of no body
  std::function<void(std::string_view)> bytes{};
};

/// Requests to one endpoint, one after another over connections that are kept. Redirects are
/// followed, at most ten, never from https to http; the token goes to the endpoint's own origin
/// (scheme, host, port) and to nobody else.
class HttpClient {
 public:
  explicit HttpClient(const Settings& settings);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Any status is an answer, but 408, 429 and 5xx, which throw TemporaryFailure, as broken
  /// connections do. Throws kIo (no connection at all, no certificate) and kCancelled within
  /// moments of a stop.
  HttpReply send(const HttpRequest& request, const BodySink& sink, std::stop_token stop);
  /// The body of a GET as text, at most 64 MiB; empty where the answer is not 2xx.
  HttpReply get_text(const std::string& url, std::string& text, std::stop_token stop);

 private:
  struct Handles;
  struct Exchange;
  void prepare(Exchange& exchange, const HttpRequest& request);
  void perform(Exchange& exchange, std::stop_token stop);

  Settings settings_;
  std::unique_ptr<Handles> handles_;
  bool had_contact_ = false;
};

/// Throws what an answer that is not 2xx means: kNotFound for 401, 403, 404 and 410 (with what to
/// do about it), kIo for others. `what` begins the message.
void check_status(const HttpReply& reply, const std::string& what, const Settings& settings);

}  // namespace tessera::hub
