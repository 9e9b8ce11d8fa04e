#include <cstdint>
#include <string>
#include <vector>

#include "core/error.h"
#include "fuzz/input_file.h"
#include "fuzz/targets.h"
#include "io/json_fields.h"
#include "text/token_table.h"

namespace tessera::fuzz {
namespace {

/// One field of every kind that option structs have.
struct Options {
  bool flag = false;
  int number = 0;
  std::uint64_t seed = 0;
  double rate = 0;
  std::string name{};
  std::vector<std::int64_t> sizes{};
  std::vector<std::string> words{};
};

template <typename Visitor>
void visit_fields(Visitor& visit, Options& options) {
  visit("flag", options.flag, "");
  visit("number", options.number, "");
  visit("seed", options.seed, "");
  visit("rate", options.rate, "");
  visit("name", options.name, "");
  visit("sizes", options.sizes, "");
  visit("words", options.words, "");
}

}  // namespace

void json(std::string_view bytes) {
  const InputFile file(bytes);
  expect_read_or_refused([&] {
    const io::Json read = io::read_json(file.path());
    try {
      Options options;
      io::from_json_fields(read, options, "file");
    } catch (const Error& error) {  // fields that no options have
      if (error.code() != ErrorCode::kInvalidArgument) throw;
    }
  });
}

void token_table(std::string_view bytes) {
  const InputFile file(bytes);
  expect_read_or_refused([&] { text::read_token_table(file.path()); });
}

}  // namespace tessera::fuzz
