#include "hub/http.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <exception>
#include <mutex>

#include <curl/curl.h>

#include "hub/repository.h"

namespace tessera::hub {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMostRedirects = 10;
constexpr std::size_t kLargestText = 64u << 20;
constexpr std::size_t kMostHeaders = 200;
constexpr long kBuffer = 512 * 1024;
constexpr int kLongestLook = 200;  // milliseconds

struct UrlFree {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct ListFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

/// A URL taken apart; `text` is whole and absolute.
struct Url {
  std::string text{};
  std::string scheme{};
  std::string host{};
  std::string port{};

  bool same_origin(const Url& other) const {
    return scheme == other.scheme && host == other.host && port == other.port;
  }
};

std::string part_of(CURLU* url, CURLUPart part, unsigned flags) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return "";
  std::string copy = text;
  curl_free(text);
  return copy;
}

/// `reference` as seen from the page `base` ("" = it is absolute).
Url parse_url(const std::string& base, const std::string& reference) {
  const std::unique_ptr<CURLU, UrlFree> url(curl_url());
  const bool good =
      (base.empty() || curl_url_set(url.get(), CURLUPART_URL, base.c_str(), 0) == CURLUE_OK) &&
      curl_url_set(url.get(), CURLUPART_URL, reference.c_str(), CURLU_URLENCODE) == CURLUE_OK;
  Url parsed;
  if (good) {
    parsed = {.text = part_of(url.get(), CURLUPART_URL, 0),
              .scheme = part_of(url.get(), CURLUPART_SCHEME, 0),
              .host = part_of(url.get(), CURLUPART_HOST, 0),
              .port = part_of(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT)};
  }
  TESSERA_CHECK(parsed.scheme == "https" || parsed.scheme == "http",
                kIo,
                "\"",
                printable(reference),
                "\" is no web address");
  return parsed;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return text;
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// Faults of the way rather than of the request.
bool is_broken_connection(CURLcode code) {
  switch (code) {
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return true;
    default:
      return false;
  }
}

bool is_no_connection(CURLcode code) {
  return code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
         code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_SSL_CONNECT_ERROR;
}

template <typename Value>
void set(CURL* easy, CURLoption option, Value value) {
  const CURLcode code = curl_easy_setopt(easy, option, value);
  TESSERA_CHECK(code == CURLE_OK, kInternal, "libcurl: ", curl_easy_strerror(code));
}

}  // namespace

struct HttpClient::Handles {
  CURLM* multi = curl_multi_init();
  CURL* easy = curl_easy_init();
  Handles() = default;
  Handles(const Handles&) = delete;
  Handles& operator=(const Handles&) = delete;
  ~Handles() {
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
  }
};

/// One request and its answer, as the callbacks see it.
struct HttpClient::Exchange {
  Url url{};
  bool to_endpoint = true;
  HttpReply reply{};
  const BodySink* sink = nullptr;
  bool begun = false;
  Clock::time_point last_byte = Clock::now();
  std::exception_ptr thrown{};
  std::unique_ptr<curl_slist, ListFree> headers{};
  char trouble[CURL_ERROR_SIZE] = "";

  bool has_body() const { return reply.status / 100 == 2; }
  /// What the endpoint's own origin said is kept over redirects.
  void note_endpoint() {
    if (to_endpoint) reply.endpoint_headers.insert(reply.headers.begin(), reply.headers.end());
  }
  void begin() {
    if (begun || !has_body()) return;
    begun = true;
    note_endpoint();
    if (sink->begin) sink->begin(reply);
  }
  /// Nothing may be thrown through libcurl: kept for later, and the transfer ends.
  template <typename Step>
  std::size_t guarded(std::size_t size, Step&& step) {
    try {
      step();
      return size;
    } catch (...) {
      thrown = std::current_exception();
      return size == 0 ? 1 : 0;
    }
  }

  void add_header(std::string_view line) {
    if (line.starts_with("HTTP/")) {  // another answer begins: what came before was an interim one
      reply.headers.clear();
      const std::size_t space = line.find(' ');
      reply.status = space == std::string_view::npos
                         ? 0
                         : std::atoi(std::string(line.substr(space + 1, 3)).c_str());
      return;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || reply.headers.size() >= kMostHeaders) return;
    const std::string name = lower(std::string(line.substr(0, colon)));
    line.remove_prefix(colon + 1);
    const std::size_t first = line.find_first_not_of(" \t");
    const std::size_t last = line.find_last_not_of(" \t\r\n");
    reply.headers[name] =
        first == std::string_view::npos || last < first ? "" : line.substr(first, last - first + 1);
  }

  static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self) {
    auto& exchange = *static_cast<Exchange*>(self);
    exchange.last_byte = Clock::now();
    return exchange.guarded(size, [&] { exchange.add_header({data, size}); });
  }
  static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self) {
    auto& exchange = *static_cast<Exchange*>(self);
    exchange.last_byte = Clock::now();
    return exchange.guarded(size, [&] {
      exchange.begin();
      if (exchange.has_body() && exchange.sink->bytes) exchange.sink->bytes({data, size});
    });
  }
};

std::string HttpReply::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

std::string HttpReply::endpoint_header(const std::string& name) const {
  const auto found = endpoint_headers.find(name);
  return found == endpoint_headers.end() ? "" : found->second;
}

HttpClient::HttpClient(const Settings& settings) : settings_(settings) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  handles_ = std::make_unique<Handles>();
  TESSERA_CHECK(handles_->multi != nullptr && handles_->easy != nullptr,
                kInternal,
                "libcurl: cannot be started");
}

HttpClient::~HttpClient() = default;

void HttpClient::prepare(Exchange& exchange, const HttpRequest& request) {
  CURL* easy = handles_->easy;
  curl_easy_reset(easy);
  curl_slist* list = nullptr;
  const auto add = [&](const std::string& line) {
    list = curl_slist_append(exchange.headers.release(), line.c_str());
    exchange.headers.reset(list);
  };
  add("Accept-Encoding: identity");
  for (const std::string& line : request.headers) add(line);
  if (exchange.to_endpoint && !settings_.token.empty()) {
    add("Authorization: Bearer " + settings_.token);
  }
  set(easy, CURLOPT_HTTPHEADER, exchange.headers.get());
  set(easy, CURLOPT_URL, exchange.url.text.c_str());
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_NOBODY, request.method == Method::kHead ? 1L : 0L);
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(easy, CURLOPT_BUFFERSIZE, kBuffer);
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings_.connect_seconds * 1000));
  set(easy, CURLOPT_ERRORBUFFER, exchange.trouble);
  set(easy, CURLOPT_HEADERFUNCTION, &Exchange::on_header);
  set(easy, CURLOPT_HEADERDATA, static_cast<void*>(&exchange));
  set(easy, CURLOPT_WRITEFUNCTION, &Exchange::on_body);
  set(easy, CURLOPT_WRITEDATA, static_cast<void*>(&exchange));
  if (!settings_.user_agent.empty()) set(easy, CURLOPT_USERAGENT, settings_.user_agent.c_str());
  if (!settings_.certificates.empty()) set(easy, CURLOPT_CAINFO, settings_.certificates.c_str());
}

void HttpClient::perform(Exchange& exchange, std::stop_token stop) {
  CURLM* multi = handles_->multi;
  CURL* easy = handles_->easy;
  curl_multi_add_handle(multi, easy);
  CURLcode code = CURLE_OK;
  bool stalled = false;
  {
    const std::stop_callback wake(stop, [multi] { curl_multi_wakeup(multi); });
    int running = 1;
    const double patience = settings_.connect_seconds + settings_.stall_seconds;
    while (running > 0 && !stop.stop_requested()) {
      if (curl_multi_perform(multi, &running) != CURLM_OK) break;
      if (running > 0) curl_multi_poll(multi, nullptr, 0, kLongestLook, nullptr);
      // libcurl's own limit is of a mean over seconds, and tells a stall late.
      const double silent =
          std::chrono::duration<double>(Clock::now() - exchange.last_byte).count();
      stalled = running > 0 && silent > (exchange.begun ? settings_.stall_seconds : patience);
      if (stalled) break;
    }
    int waiting = 0;
    if (const CURLMsg* message = curl_multi_info_read(multi, &waiting)) code = message->data.result;
  }
  curl_off_t wait = 0;
  curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &wait);
  exchange.reply.retry_after = static_cast<double>(wait);
  curl_multi_remove_handle(multi, easy);
  curl_easy_reset(easy);  // it points into `exchange`; the connection stays
  if (exchange.thrown) std::rethrow_exception(exchange.thrown);
  TESSERA_CHECK(!stop.stop_requested(), kCancelled, "stopped");
  if (stalled) throw TemporaryFailure(concat(exchange.url.host, ": nothing more comes"), 0);
  if (code == CURLE_OK) {
    had_contact_ = true;
    return exchange.begin();
  }
  const std::string reason =
      printable(*exchange.trouble != '\0' ? exchange.trouble : curl_easy_strerror(code));
  const std::string message = concat(exchange.url.host, ": ", reason);
  if (is_broken_connection(code) || (is_no_connection(code) && had_contact_)) {
    throw TemporaryFailure(message, 0);
  }
  TESSERA_THROW(kIo, is_no_connection(code) ? "no connection to " : "", message);
}

HttpReply HttpClient::send(const HttpRequest& request, const BodySink& sink, std::stop_token stop) {
  const Url endpoint = parse_url("", settings_.endpoint);
  std::map<std::string, std::string> endpoint_headers;
  Url url = parse_url("", request.url);
  for (int hop = 0; hop <= kMostRedirects; ++hop) {
    Exchange exchange;
    exchange.url = url;
    exchange.to_endpoint = url.same_origin(endpoint);
    exchange.reply.endpoint_headers = endpoint_headers;
    exchange.reply.redirected = !exchange.to_endpoint;
    exchange.sink = &sink;
    prepare(exchange, request);
    perform(exchange, stop);
    HttpReply& reply = exchange.reply;
    exchange.note_endpoint();
    if (reply.status == 408 || reply.status == 429 || reply.status / 100 == 5) {
      throw TemporaryFailure(concat(url.host, " answers ", reply.status), reply.retry_after);
    }
    const std::string location = reply.header("location");
    if (!is_redirect(reply.status) || location.empty()) return reply;
    endpoint_headers = reply.endpoint_headers;
    const Url next = parse_url(url.text, location);
    // Where a HEAD leads elsewhere, the endpoint has said what it knows.
    if (request.method == Method::kHead && !next.same_origin(endpoint)) return reply;
    TESSERA_CHECK(url.scheme == "http" || next.scheme == "https",
                  kIo,
                  url.host,
                  " leads from https to http (",
                  printable(next.host),
                  "), which is refused");
    url = next;
  }
  TESSERA_THROW(kIo, url.host, ": more than ", kMostRedirects, " redirects");
}

HttpReply HttpClient::get_text(const std::string& url, std::string& text, std::stop_token stop) {
  text.clear();
  const BodySink sink{.bytes = [&](std::string_view bytes) {
    TESSERA_CHECK(text.size() + bytes.size() <= kLargestText,
                  kCorruptFile,
                  "the server's answer is larger than ",
                  kLargestText >> 20,
                  " MiB");
    text += bytes;
  }};
  return send({.url = url}, sink, stop);
}

void check_status(const HttpReply& reply, const std::string& what, const Settings& settings) {
  if (reply.status / 100 == 2) return;
  const std::string place = parse_url("", settings.endpoint).host;
  if (reply.status == 401 || reply.status == 403) {
    TESSERA_THROW(kNotFound,
                  what,
                  ": ",
                  place,
                  " refuses access (",
                  reply.status,
                  settings.token.empty()
                      ? "): there is no such model, or it needs a token (HF_TOKEN)"
                      : "): there is no such model, or the token that was sent may not read it");
  }
  TESSERA_CHECK(reply.status != 404 && reply.status != 410,
                kNotFound,
                what,
                ": not found at ",
                place,
                " (",
                reply.status,
                ")");
  TESSERA_THROW(kIo, what, ": ", place, " answers ", reply.status);
}

}  // namespace tessera::hub
