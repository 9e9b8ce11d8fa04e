#include "io/yaml/yaml.h"

#include <map>
#include <sstream>
#include <utility>
#include <vector>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "io/mapped_file.h"
#include "io/yaml/scalar.h"

namespace tessera::io {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 20;
constexpr std::size_t kMostLevels = 64;
constexpr std::size_t kMostWeight = 200'000;  // nodes and characters, aliases replaced
constexpr const char* kCoreTag = "tag:yaml.org,2002:";

/// Builds one document of the parser's events; every event is checked against the limits.
class Builder : public YAML::EventHandler {
 public:
  explicit Builder(std::string what) : what_(std::move(what)) {}
  Json take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    check(documents_++ == 0, mark, "a second document");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(mark, anchor, nullptr, 1);
  }
  void OnScalar(const YAML::Mark& mark,
                const std::string& tag,
                YAML::anchor_t anchor,
                const std::string& value) override {
    if (!open_.empty() && open_.back().expects_key()) {
      check(tag != "?" || value != "<<", mark, "a merge key");
      add(mark, anchor, value, 1 + value.size());
    } else {
      add(mark, anchor, typed(mark, tag, value), 1 + value.size());
    }
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    check(found != anchors_.end(), mark, "an alias inside of what it stands for");
    add(mark, YAML::NullAnchor, found->second.node, found->second.weight);
  }
  void OnSequenceStart(const YAML::Mark& mark,
                       const std::string& tag,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    start(mark, tag, "seq", {.anchor = anchor, .node = Json::array()});
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark,
                  const std::string& tag,
                  YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    start(mark, tag, "map", {.anchor = anchor, .node = Json::object()});
  }
  void OnMapEnd() override { end(); }

 private:
  struct Open {
    YAML::anchor_t anchor = YAML::NullAnchor;
    Json node{};
    std::size_t weight = 1;
    YAML::Mark mark{};
    std::string key{};
    bool has_key = false;
    bool expects_key() const { return node.is_object() && !has_key; }
  };
  struct Anchored {
    Json node{};
    std::size_t weight = 0;
  };

  template <typename... Parts>
  void check(bool holds, const YAML::Mark& mark, const Parts&... found) const {
    TESSERA_CHECK(holds,
                  kCorruptFile,
                  what_,
                  ": line ",
                  mark.line + 1,
                  ", column ",
                  mark.column + 1,
                  ": ",
                  found...,
                  ", which is not read");
  }

  void start(const YAML::Mark& mark, const std::string& tag, const char* kind, Open open) {
    const bool plain =
        tag.empty() || tag == "?" || tag == "!" || tag == kCoreTag + std::string(kind);
    check(plain, mark, "the tag \"", tag, "\"");
    check(open_.size() < kMostLevels, mark, "nesting deeper than ", kMostLevels, " levels");
    check(open_.empty() || !open_.back().expects_key(), mark, "a key that is no scalar");
    open.mark = mark;
    open_.push_back(std::move(open));
  }

  void end() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    weight_ -= closed.weight - 1;  // add() counts all of it again
    add(closed.mark, closed.anchor, std::move(closed.node), closed.weight);
  }

  /// `node` is whole: into what is open, and kept where it has an anchor.
  void add(const YAML::Mark& mark, YAML::anchor_t anchor, Json node, std::size_t weight) {
    check(weight <= kMostWeight && weight_ + weight <= kMostWeight,
          mark,
          "more than ",
          kMostWeight,
          " nodes and characters");
    weight_ += weight;
    if (anchor != YAML::NullAnchor) anchors_[anchor] = {.node = node, .weight = weight};
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& into = open_.back();
    into.weight += weight;
    if (into.node.is_array()) {
      into.node.push_back(std::move(node));
    } else if (into.has_key) {
      into.node[into.key] = std::move(node);
      into.has_key = false;
    } else {
      check(!node.is_structured(), mark, "a key that is no scalar");
      into.key = node.is_string() ? node.get<std::string>() : node.dump();
      into.has_key = true;
    }
  }

  Json typed(const YAML::Mark& mark, const std::string& tag, const std::string& value) const {
    if (tag.empty() || tag == "?") return yaml_scalar(value);
    if (tag == "!" || tag == kCoreTag + std::string("str")) return value;
    for (const char* kind : {"int", "float", "bool", "null"}) {
      if (tag == kCoreTag + std::string(kind)) return yaml_scalar(value);
    }
    check(false, mark, "the tag \"", tag, "\"");
    return nullptr;
  }

  std::string what_;
  Json root_ = nullptr;
  std::vector<Open> open_{};
  std::map<YAML::anchor_t, Anchored> anchors_{};
  std::size_t weight_ = 0;
  int documents_ = 0;
};

}  // namespace

Json parse_yaml(std::string_view text, const std::string& what) {
  TESSERA_CHECK(text.size() <= kMostBytes,
                kCorruptFile,
                what,
                ": ",
                text.size(),
                " bytes are too many for a configuration; the most is ",
                kMostBytes);
  std::istringstream stream{std::string(text)};
  Builder builder(what);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    TESSERA_THROW(kCorruptFile,
                  what,
                  ": not valid YAML at line ",
                  error.mark.line + 1,
                  ", column ",
                  error.mark.column + 1,
                  ": ",
                  error.msg);
  }
  return builder.take();
}

Json read_yaml(const std::filesystem::path& file) {
  const auto mapped = MappedFile::open(file);
  return parse_yaml(mapped->bytes(), file.string());
}

}  // namespace tessera::io
