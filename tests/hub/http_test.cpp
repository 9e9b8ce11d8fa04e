#include "hub/http.h"

#include <gmock/gmock.h>

#include "tests/hub/hub_fixture.h"
#include "tests/support/expect_error.h"

namespace tessera::test {
namespace {

class HubHttp : public HubTest {
 protected:
  std::string get(const std::string& url, int* status = nullptr) {
    hub::HttpClient client(settings_);
    std::string text;
    const hub::HttpReply reply = client.get_text(url, text, {});
    if (status != nullptr) *status = reply.status;
    return text;
  }
  void answer_all(HttpAnswer given) {
    hub_.tamper = [given](const HttpCall&, HttpAnswer& answer) { answer = given; };
  }
};

TEST_F(HubHttp, RefusalsSayWhatToDo) {
  answer_all({.status = 401});
  expect_error(ErrorCode::kNotFound,
               "org/model: 127.0.0.1 refuses access (401): there is no such model, or it needs a "
               "token (HF_TOKEN)",
               [&] { pull(); });
  settings_.token = "hf_x";
  answer_all({.status = 403});
  expect_error(ErrorCode::kNotFound, "the token that was sent may not read it", [&] { pull(); });
  answer_all({.status = 404});
  expect_error(ErrorCode::kNotFound, "org/model: not found at 127.0.0.1", [&] { pull(); });
  request_.revision = "v9";
  expect_error(ErrorCode::kNotFound, "org/model (revision v9): not found", [&] { pull(); });
  answer_all({.status = 418});
  expect_error(ErrorCode::kIo, "answers 418", [&] { pull(); });
}

TEST_F(HubHttp, NoServerIsToldAtOnce) {
  std::string gone;
  {
    const HttpServer server([](const HttpCall&) { return HttpAnswer{}; });
    gone = server.url();
  }
  settings_.endpoint = gone;
  settings_.first_wait = 30;
  const auto begin = std::chrono::steady_clock::now();
  expect_error(ErrorCode::kIo, "no connection to 127.0.0.1", [&] { pull(); });
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST_F(HubHttp, RedirectsInACircleEnd) {
  answer_all({.status = 302, .headers = {{"Location", "/again"}}});
  expect_error(ErrorCode::kIo, "more than 10 redirects", [&] { pull(); });
}

TEST_F(HubHttp, OnlyTheWebIsFollowed) {
  for (const char* place : {"file:///etc/passwd", "gopher:/x", "javascript:1"}) {
    answer_all({.status = 302, .headers = {{"Location", place}}});
    expect_error(ErrorCode::kIo, "is no web address", [&] { pull(); });
  }
}

TEST_F(HubHttp, TheBodyOfARefusalIsNotKept) {
  answer_all({.status = 404, .body = "a page"});
  int status = 0;
  EXPECT_EQ(get(hub_.endpoint.url() + "/x", &status), "");
  EXPECT_EQ(status, 404);
}

TEST_F(HubHttp, ACallerAgentAndPlainBytesAreAskedFor) {
  settings_.user_agent = "tessera/test";
  get(hub_.endpoint.url() + "/x");
  const HttpCall call = hub_.endpoint.calls().at(0);
  EXPECT_EQ(call.header("user-agent"), "tessera/test");
  EXPECT_EQ(call.header("accept-encoding"), "identity");
  EXPECT_EQ(call.header("authorization"), "") << "no token, no header";
}

TEST_F(HubHttp, AnExceptionOfTheSinkComesOut) {
  hub::HttpClient client(settings_);
  const hub::BodySink sink{.bytes = [](std::string_view) { throw std::runtime_error("full"); }};
  answer_all({.body = "x"});
  EXPECT_THROW(client.send({.url = hub_.endpoint.url() + "/x"}, sink, {}), std::runtime_error);
  std::string text;
  EXPECT_EQ(client.get_text(hub_.endpoint.url() + "/y", text, {}).status, 200) << "still usable";
  EXPECT_EQ(text, "x");
}

}  // namespace
}  // namespace tessera::test
