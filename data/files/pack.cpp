#include "data/files/pack.h"

#include <chrono>
#include <limits>
#include <optional>

#include "core/error.h"
#include "data/packed.h"
#include "io/image/convert.h"

namespace tessera::data {
namespace {

/// The picture, or nothing and a problem. Only the file can be at fault: other errors go on.
std::optional<io::RgbImage> load(const FileSet& files, std::size_t sample, Problems& problems) {
  try {
    return files.load(sample);
  } catch (const Error& error) {
    const bool of_the_file =
        error.code() == ErrorCode::kNotFound || error.code() == ErrorCode::kCorruptFile ||
        error.code() == ErrorCode::kIo || error.code() == ErrorCode::kInvalidArgument;
    if (!of_the_file) throw;
    const std::string name = files.samples[sample].image.string();
    std::string reason = error.what();
    if (reason.rfind(name + ": ", 0) == 0) reason.erase(0, name.size() + 2);
    problems.add(name, reason);
    return std::nullopt;
  }
}

}  // namespace

PackReport pack_files(const FileSet& files,
                      const std::filesystem::path& folder,
                      const ProgressSink& progress,
                      std::stop_token stop) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  PackWriter writer(folder, {.resolution = files.options.resolution});
  Problems problems;
  const auto total = static_cast<std::int64_t>(files.samples.size());
  for (std::int64_t i = 0; i < total; ++i) {
    TESSERA_CHECK(
        !stop.stop_requested(), kCancelled, "packing was stopped; nothing is left behind");
    const auto sample = static_cast<std::size_t>(i);
    if (const auto image = load(files, sample, problems)) {
      writer.add(io::to_bytes(*image), files.samples[sample].captions);
    }
    if (progress) {
      progress({.stage = "pack",
                .step = i + 1,
                .total = total,
                .seconds = std::chrono::duration<double>(Clock::now() - start).count(),
                .value = std::numeric_limits<double>::quiet_NaN(),
                .note = problems.count() > 0 ? concat(problems.count(), " skipped") : ""});
    }
  }
  problems.finish();
  writer.finish();
  PackReport report{.images = writer.images(),
                    .samples = writer.samples(),
                    .skipped = files.problems.count() + problems.count(),
                    .first_skipped = files.problems.first()};
  report.first_skipped.insert(
      report.first_skipped.end(), problems.first().begin(), problems.first().end());
  return report;
}

}  // namespace tessera::data
