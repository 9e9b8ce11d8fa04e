#include "cli/flags/progress_line.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ostream>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/flags/bytes_text.h"

namespace tessera::cli {
namespace {

constexpr std::size_t kBarColumns = 20;

std::string formatted(const char* format, double value) {
  char text[48];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

/// "0:07", "12:34", "3:05:00".
std::string clock_text(double seconds) {
  const long total = std::lround(std::min(seconds, 3.6e8));
  char text[48];
  if (total < 3600) {
    std::snprintf(text, sizeof text, "%ld:%02ld", total / 60, total % 60);
  } else {
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", total / 3600, total / 60 % 60, total % 60);
  }
  return text;
}

std::string amount_text(std::int64_t amount, ProgressUnit unit) {
  return unit == ProgressUnit::kBytes ? bytes_text(static_cast<double>(amount))
                                      : std::to_string(amount);
}

/// " - 3.66s/it", " - 10.0it/s", " - 45.1 MB/s".
std::string rate_text(double steps, double seconds, ProgressUnit unit) {
  if (unit == ProgressUnit::kBytes) return " - " + bytes_text(steps / seconds) + "/s";
  const double pace = seconds / steps;
  return pace >= 1 ? formatted(" - %.2fs/it", pace) : formatted(" - %.1fit/s", 1 / pace);
}

std::string bar(const Progress& progress) {
  const double share = std::clamp(
      static_cast<double>(progress.step) / static_cast<double>(progress.total), 0.0, 1.0);
  const auto full = static_cast<std::size_t>(share * static_cast<double>(kBarColumns));
  std::string text(full, '=');
  if (full < kBarColumns) text += '>';
  text.resize(kBarColumns, ' ');
  return "|" + text + "|";
}

bool set_and_not_empty(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

}  // namespace

ProgressStyle ProgressStyle::for_stderr() {
  ProgressStyle style;
  const char* terminal = std::getenv("TERM");
  const bool dumb = terminal != nullptr && std::string_view(terminal) == "dumb";
  style.redraw = isatty(STDERR_FILENO) == 1 && !dumb;
  style.colour = style.redraw && !set_and_not_empty("NO_COLOR");
  winsize size{};
  if (style.redraw && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) {
    style.width = size.ws_col;
  }
  return style;
}

std::string progress_text(const Progress& progress,
                          const Progress& first,
                          const ProgressStyle& style) {
  std::string text = progress.stage;
  if (progress.total > 0) text += " " + bar(progress);
  text += " " + amount_text(progress.step, progress.unit);
  if (progress.total > 0) text += "/" + amount_text(progress.total, progress.unit);
  const auto steps = static_cast<double>(progress.step - first.step);
  const double seconds = progress.seconds - first.seconds;
  const bool has_rate = steps > 0 && seconds > 0;
  if (has_rate) text += rate_text(steps, seconds, progress.unit);
  if (progress.value != 0 && std::isfinite(progress.value)) {
    text += formatted(", %.4g", progress.value);
  }
  if (!progress.note.empty()) text += ", " + progress.note;
  if (has_rate && progress.total > progress.step) {
    const auto missing = static_cast<double>(progress.total - progress.step);
    text += ", " + clock_text(missing * seconds / steps) + " left";
  }
  if (style.redraw && text.size() >= style.width) text.resize(style.width - 1);
  return text;
}

ProgressLine::ProgressLine(std::ostream& out, ProgressStyle style) : out_(out), style_(style) {}

ProgressLine::~ProgressLine() {
  finish();
}

void ProgressLine::show(const Progress& progress) {
  const bool begins = progress.stage != stage_ || progress.step < first_.step;
  if (begins) {
    finish();
    stage_ = progress.stage;
    first_ = progress;
    shown_at_ = progress.seconds;
    if (!style_.redraw && progress.step == 0) return;  // nothing to tell yet
  }
  const bool last = progress.total > 0 && progress.step >= progress.total;
  const double pause = style_.redraw ? style_.redraw_seconds : style_.every_seconds;
  if (!last && !begins && progress.seconds - shown_at_ < pause) return;
  shown_at_ = progress.seconds;
  std::string text = progress_text(progress, first_, style_);
  if (!style_.redraw) {
    out_ << text << '\n' << std::flush;
    return;
  }
  if (style_.colour) {
    const auto begin = text.find('|');
    const auto end = begin == std::string::npos ? begin : text.find('|', begin + 1);
    if (end != std::string::npos) {
      text.insert(end + 1, "\033[0m");
      text.insert(begin, "\033[36m");
    }
  }
  out_ << "\r\033[K" << text << std::flush;
  line_open_ = true;
}

void ProgressLine::finish() {
  if (line_open_) out_ << '\n' << std::flush;
  line_open_ = false;
}

ProgressSink ProgressLine::sink() {
  return [this](const Progress& progress) { show(progress); };
}

}  // namespace tessera::cli
