#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace tessera::test {

struct HttpCall {
  std::string method{};
  std::string target{};                          // path and query, as they were sent
  std::map<std::string, std::string> headers{};  // names in lower case

  std::string header(const std::string& name) const;  // "" = none
};

/// What the server says, and how it misbehaves while saying it.
struct HttpAnswer {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
  bool content_length = true;  // else the end of the connection is the end of the body
  std::uint64_t break_after = std::numeric_limits<std::uint64_t>::max();  // bytes of the body
  std::size_t piece = 1 << 16;                                            // bytes sent at once
  std::chrono::milliseconds pause{0};                                     // between pieces
};

/// An HTTP/1.1 server on 127.0.0.1, at a port of the system's choice, until the end of the scope.
/// Every connection has a thread; `answer` is called for one request at a time.
class HttpServer {
 public:
  using Answer = std::function<HttpAnswer(const HttpCall&)>;
  explicit HttpServer(Answer answer);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::string url() const;  // of its root, without "/" at the end
  std::vector<HttpCall> calls() const;
  std::uint64_t body_bytes() const;  // handed to the system so far, of all answers
  void forget();                     // calls and bytes

 private:
  void accept_connections();
  void serve(int connection);
  bool send_answer(int connection, const HttpAnswer& answer, bool head);

  Answer answer_;
  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_{};
  std::vector<HttpCall> calls_{};
  std::uint64_t body_bytes_ = 0;
  bool ending_ = false;
  std::vector<int> open_{};
  std::vector<std::thread> threads_{};
  std::thread acceptor_{};
};

}  // namespace tessera::test
