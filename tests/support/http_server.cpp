#include "tests/support/http_server.h"

#include <algorithm>
#include <cctype>
#include <sstream>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tessera::test {
namespace {

bool send_all(int connection, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t count = ::send(connection, data, size, MSG_NOSIGNAL);
    if (count <= 0) return false;
    data += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

/// The next request's head, off the front of `held`; false at the end of the connection.
bool read_head(int connection, std::string& held, std::string& head) {
  for (;;) {
    const std::size_t end = held.find("\r\n\r\n");
    if (end != std::string::npos) {
      head = held.substr(0, end + 2);
      held.erase(0, end + 4);
      return true;
    }
    char block[4096];
    const ssize_t count = ::recv(connection, block, sizeof block, 0);
    if (count <= 0) return false;
    held.append(block, static_cast<std::size_t>(count));
  }
}

HttpCall parse_head(const std::string& head) {
  HttpCall call;
  std::istringstream lines(head);
  lines >> call.method >> call.target;
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::string name = line.substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
      return static_cast<char>(std::tolower(c));
    });
    const std::size_t first = line.find_first_not_of(' ', colon + 1);
    const std::size_t last = line.find_last_not_of("\r ");
    call.headers[name] = first > last ? "" : line.substr(first, last - first + 1);
  }
  return call;
}

}  // namespace

std::string HttpCall::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

HttpServer::HttpServer(Answer answer) : answer_(std::move(answer)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || ::bind(listener_, plain, size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, plain, &size) != 0) {
    throw std::runtime_error("no server on 127.0.0.1");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_connections(); });
}

HttpServer::~HttpServer() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    for (const int connection : open_) ::shutdown(connection, SHUT_RDWR);
  }
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
  ::close(listener_);
}

std::string HttpServer::url() const {
  return "http:" + std::string("//127.0.0.1:") + std::to_string(port_);
}

std::vector<HttpCall> HttpServer::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

std::uint64_t HttpServer::body_bytes() const {
  const std::lock_guard lock(mutex_);
  return body_bytes_;
}

void HttpServer::forget() {
  const std::lock_guard lock(mutex_);
  calls_.clear();
  body_bytes_ = 0;
}

void HttpServer::accept_connections() {
  for (;;) {
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const std::lock_guard lock(mutex_);
    if (ending_ || connection < 0) {
      if (connection >= 0) ::close(connection);
      return;
    }
    open_.push_back(connection);
    threads_.emplace_back([this, connection] { serve(connection); });
  }
}

void HttpServer::serve(int connection) {
  std::string held;
  std::string head;
  while (read_head(connection, held, head)) {
    const HttpCall call = parse_head(head);
    HttpAnswer answer;
    {
      const std::lock_guard lock(mutex_);
      calls_.push_back(call);
      answer = answer_(call);
    }
    if (!send_answer(connection, answer, call.method == "HEAD")) break;
  }
  const std::lock_guard lock(mutex_);
  open_.erase(std::find(open_.begin(), open_.end(), connection));
  ::close(connection);
}

/// False where the connection ends with this answer.
bool HttpServer::send_answer(int connection, const HttpAnswer& answer, bool head) {
  std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " As asked\r\n";
  for (const auto& [name, value] : answer.headers) text += name + ": " + value + "\r\n";
  const auto named = [&](const char* wanted) {
    return std::any_of(answer.headers.begin(), answer.headers.end(), [&](const auto& header) {
      return header.first == wanted;
    });
  };
  if (answer.content_length && !named("Content-Length")) {
    text += "Content-Length: " + std::to_string(answer.body.size()) + "\r\n";
  }
  text += answer.content_length ? "\r\n" : "Connection: close\r\n\r\n";
  if (!send_all(connection, text.data(), text.size())) return false;
  if (head) return true;
  const std::size_t size = std::min<std::uint64_t>(answer.body.size(), answer.break_after);
  for (std::size_t sent = 0; sent < size;) {
    const std::size_t piece = std::min(answer.piece, size - sent);
    if (!send_all(connection, answer.body.data() + sent, piece)) return false;
    sent += piece;
    {
      const std::lock_guard lock(mutex_);
      body_bytes_ += piece;
      if (ending_) return false;
    }
    if (answer.pause.count() > 0) std::this_thread::sleep_for(answer.pause);
  }
  return size == answer.body.size() && answer.content_length;
}

}  // namespace tessera::test
