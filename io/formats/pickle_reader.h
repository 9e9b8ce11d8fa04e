#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "io/formats/pickle_objects.h"

namespace tessera::io {

static_assert(std::endian::native == std::endian::little, "pickles are little-endian");

/// Bytes of a pickle, in order; nothing is read past the end.
class PickleReader {
 public:
  explicit PickleReader(const PickleSource& source) : source_(source) {}

  std::uint64_t position() const { return position_; }
  bool at_end() const { return position_ == source_.bytes.size(); }

  std::string_view take(std::uint64_t size) {
    const std::uint64_t left = source_.bytes.size() - position_;
    if (size > left) {
      source_.refuse(position_, "the pickle ends ", size - left, " bytes too early");
    }
    const std::string_view taken = source_.bytes.substr(position_, size);
    position_ += size;
    return taken;
  }

  /// Little-endian.
  template <typename T>
  T number() {
    T value{};
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }

  std::string_view line() {
    const std::size_t end = source_.bytes.find('\n', position_);
    if (end == std::string_view::npos) source_.refuse(position_, "a name without an end");
    const std::string_view text = take(end - position_);
    position_ += 1;
    return text;
  }

 private:
  const PickleSource& source_;
  std::uint64_t position_ = 0;
};

}  // namespace tessera::io
