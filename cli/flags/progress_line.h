#pragma once

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <string>

#include "core/progress.h"

namespace tessera::cli {

/// Where and how progress is shown. `for_stderr()` looks at the terminal and the environment.
struct ProgressStyle {
  bool redraw = false;        // one line drawn over and over; else a line now and then
  bool colour = false;        // of the bar
  std::size_t width = 80;     // columns
  double every_seconds = 10;  // between lines when not redrawing
  double redraw_seconds = 0.1;

  /// Redraws only on a terminal that is not TERM=dumb; colours unless NO_COLOR is set and not
  /// empty.
  static ProgressStyle for_stderr();
};

/// `train |====>     | 12/20 - 3.66s/it, 1.234, 0:29 left` from Progress reports of one stage after
/// another. Rate and time left count from the first report of a stage, so a resumed run that begins
/// at step 500 shows its true speed. Bytes are told in units: `pull |==> | 1.2 GB/5.5 GB - 45
/// MB/s`. Not thread-safe.
class ProgressLine {
 public:
  ProgressLine(std::ostream& out, ProgressStyle style);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const Progress& progress);
  /// Ends the line, so that what follows starts on its own. Also done by the destructor.
  void finish();
  /// show() as a sink; the ProgressLine must outlive it.
  ProgressSink sink();

 private:
  std::ostream& out_;
  ProgressStyle style_;
  std::string stage_{};
  Progress first_{};
  double shown_at_ = 0.0;
  bool line_open_ = false;
};

/// The text of one report, less than `style.width` columns where it is redrawn.
std::string progress_text(const Progress& progress,
                          const Progress& first,
                          const ProgressStyle& style);

}  // namespace tessera::cli
