#include "data/files/problems.h"

#include <algorithm>

#include "core/error.h"
#include "core/log.h"

namespace tessera::data {
namespace {

constexpr std::size_t kShown = 10;

}  // namespace

void Problems::add(const std::string& name, const std::string& reason) {
  ++count_;
  if (first_.size() == kShown) return;
  std::string line = name + ": " + reason;
  std::replace_if(
      line.begin(), line.end(), [](char c) { return (c >= 0 && c < 0x20) || c == 0x7F; }, '?');
  first_.push_back(line);
  log_warning("skipped " + line);
}

void Problems::finish() const {
  const auto more = count_ - static_cast<std::int64_t>(first_.size());
  if (more > 0) log_warning(concat("skipped ", more, " more"));
}

}  // namespace tessera::data
