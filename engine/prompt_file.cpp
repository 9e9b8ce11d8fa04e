#include "engine/prompt_file.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <sstream>
#include <utility>

#include "core/error.h"
#include "io/json_fields.h"
#include "io/utf8.h"

namespace tessera::engine {
namespace {

using io::Json;
using Setter = std::function<void(PromptItem&, const std::string&)>;

template <typename Number>
Number parse_number(const std::string& text) {
  Number value{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  TESSERA_CHECK(failed == std::errc() && end == text.data() + text.size(),
                kInvalidArgument,
                "must be a number, got \"",
                text,
                "\"");
  return value;
}

template <typename Member>
Setter number_into(Member member) {
  return [member](PromptItem& item, const std::string& text) {
    using Value = typename std::remove_reference_t<decltype(item.*member)>::value_type;
    item.*member = parse_number<Value>(text);
  };
}

template <typename Member>
Setter text_into(Member member) {
  return [member](PromptItem& item, const std::string& text) { item.*member = text; };
}

struct Option {
  std::vector<std::string> names{};  // - and _ are the same
  Setter set{};
};

/// Every name that a line may use, whichever form it has.
const std::vector<Option>& options() {
  static const std::vector<Option> table = {
      {{"prompt"}, text_into(&PromptItem::prompt)},
      {{"n", "negative", "negative-prompt"}, text_into(&PromptItem::negative)},
      {{"d", "seed"}, number_into(&PromptItem::seed)},
      {{"s", "steps"}, number_into(&PromptItem::steps)},
      {{"l", "guidance", "cfg-scale"}, number_into(&PromptItem::guidance)},
      {{"ss", "sampler", "sampler-name", "sampling-method"}, text_into(&PromptItem::sampler)},
      {{"truncation", "truncation-rate"}, text_into(&PromptItem::truncation)},
      {{"w", "width"}, number_into(&PromptItem::width)},
      {{"h", "height"}, number_into(&PromptItem::height)},
      {{"count", "batch-count"}, number_into(&PromptItem::count)},
      {{"n-iter"}, number_into(&PromptItem::rounds)},
      {{"batch-size"}, number_into(&PromptItem::batch)},
  };
  return table;
}

const Option* find_option(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  for (const Option& option : options()) {
    if (std::find(option.names.begin(), option.names.end(), name) != option.names.end()) {
      return &option;
    }
  }
  return nullptr;
}

void set_option(PromptItem& item, const std::string& name, const std::string& value) {
  const Option* option = find_option(name);
  if (option == nullptr) {
    std::string known;
    for (const Option& each : options())
      known += (known.empty() ? "--" : ", --") + each.names.back();
    TESSERA_THROW(kInvalidArgument, "unknown option --", name, "; known: ", known);
  }
  try {
    option->set(item, value);
  } catch (const Error& error) {
    TESSERA_THROW(kInvalidArgument, "--", name, " ", error.what());
  }
}

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// Words of a line as a shell would see them: spaces part, ' and " hold together, \ takes the next.
std::vector<std::string> shell_words(const std::string& line) {
  std::vector<std::string> words;
  std::string word;
  bool open = false;
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '\\' && quote != '\'' && i + 1 < line.size()) {
      word += line[++i];
      open = true;
    } else if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if (c == '"' || c == '\'') {
      quote = c;
      open = true;
    } else if (c == ' ' || c == '\t') {
      if (open) words.push_back(std::exchange(word, ""));
      open = false;
    } else {
      word += c;
      open = true;
    }
  }
  TESSERA_CHECK(quote == 0, kInvalidArgument, "a quotation mark is never closed");
  if (open) words.push_back(word);
  return words;
}

/// --prompt "a red apple" --seed 7
PromptItem parse_options_alone(const std::string& line) {
  PromptItem item;
  const std::vector<std::string> words = shell_words(line);
  for (std::size_t i = 0; i < words.size(); ++i) {
    TESSERA_CHECK(words[i].starts_with("--"),
                  kInvalidArgument,
                  "expected an option, found \"",
                  words[i],
                  "\"; put text of several words in quotes");
    std::string name = words[i].substr(2);
    const auto equals = name.find('=');
    if (equals != std::string::npos) {
      set_option(item, name.substr(0, equals), name.substr(equals + 1));
      continue;
    }
    TESSERA_CHECK(i + 1 < words.size() || find_option(name) == nullptr,
                  kInvalidArgument,
                  words[i],
                  " needs a value");
    set_option(item, name, i + 1 < words.size() ? words[i + 1] : "");
    ++i;
  }
  return item;
}

/// Where the next " --x" begins; " -- " with nothing behind it is part of the words.
std::size_t next_option(const std::string& line, std::size_t from) {
  for (auto at = line.find(" --", from); at != std::string::npos; at = line.find(" --", at + 1)) {
    const char behind = at + 3 < line.size() ? line[at + 3] : ' ';
    if ((behind >= 'a' && behind <= 'z') || (behind >= 'A' && behind <= 'Z')) return at;
  }
  return std::string::npos;
}

/// a red apple --d 7 --s 20
PromptItem parse_words_first(const std::string& line) {
  PromptItem item;
  auto at = next_option(line, 0);
  item.prompt = trimmed(line.substr(0, at));
  while (at != std::string::npos) {
    const auto next = next_option(line, at + 1);
    const std::string option = trimmed(line.substr(at + 3, next - at - 3));
    const auto space = option.find(' ');
    const std::string value = space == std::string::npos ? "" : trimmed(option.substr(space));
    set_option(item, option.substr(0, space), value);
    at = next;
  }
  return item;
}

PromptItem parse_json_line(const std::string& line) {
  const Json json = Json::parse(line, nullptr, false);
  TESSERA_CHECK(!json.is_discarded() && json.is_object(), kInvalidArgument, "not a JSON object");
  const auto prompt = json.find("prompt");
  TESSERA_CHECK(prompt != json.end() && prompt->is_string(),
                kInvalidArgument,
                "needs a \"prompt\" that is a string");
  PromptItem item;
  Json extra = Json::object();
  for (const auto& [key, value] : json.items()) {
    const bool plain = value.is_string() || value.is_number();
    // Long names only: a data set's own "n" or "s" is not an option.
    if (key.size() > 2 && find_option(key) != nullptr && plain) {
      set_option(item, key, value.is_string() ? value.get<std::string>() : value.dump());
    } else {
      extra[key] = value;
    }
  }
  if (!extra.empty()) item.extra = extra.dump();
  return item;
}

}  // namespace

PromptFile parse_prompts(const std::string& text, const std::string& name) {
  PromptFile file;
  std::string valid = io::repaired_utf8(text);
  if (valid != text) file.warnings.push_back(name + ": invalid UTF-8 was replaced by U+FFFD");
  if (valid.starts_with("\xEF\xBB\xBF")) valid.erase(0, 3);
  std::istringstream lines(valid);
  std::int64_t number = 0;
  bool json_lines = false;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    line = trimmed(line);
    if (line.empty() || line.front() == '#') continue;
    if (file.items.empty()) json_lines = line.front() == '{';
    try {
      file.items.push_back(json_lines               ? parse_json_line(line)
                           : line.starts_with("--") ? parse_options_alone(line)
                                                    : parse_words_first(line));
    } catch (const Error& error) {
      TESSERA_THROW(kInvalidArgument, name, ":", number, ": ", error.what());
    }
    file.items.back().line = number;
  }
  TESSERA_CHECK(!file.items.empty(), kInvalidArgument, name, ": holds no prompt");
  return file;
}

GenerateRequest with_item(GenerateRequest base, const PromptItem& item, std::int32_t side) {
  for (const auto& size : {item.width, item.height}) {
    TESSERA_CHECK(!size || *size == side,
                  kInvalidArgument,
                  item.line > 0 ? concat("line ", item.line, ": ") : "",
                  "this model draws pictures of ",
                  side,
                  "x",
                  side,
                  " only, got a side of ",
                  size.value_or(0));
  }
  base.prompt = item.prompt;
  if (item.negative) base.negative = *item.negative;
  if (item.seed) {
    base.seed.reset();
    if (*item.seed >= 0) base.seed = static_cast<std::uint64_t>(*item.seed);
  }
  if (item.steps) base.sampling.steps = *item.steps;
  if (item.guidance) base.sampling.guidance = *item.guidance;
  if (item.sampler) base.sampling.sampler = *item.sampler;
  if (item.truncation) base.sampling.truncation = *item.truncation;
  if (item.batch) base.batch = *item.batch;
  if (item.count) base.count = *item.count;
  if (item.rounds || (item.batch && !item.count)) {
    base.count = item.rounds.value_or(1) * item.batch.value_or(1);
  }
  return base;
}

}  // namespace tessera::engine
