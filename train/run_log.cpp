#include "train/run_log.h"

#include <cerrno>
#include <cmath>
#include <cstring>

#include "core/atomic_file.h"
#include "core/error.h"
#include "io/json_fields.h"

namespace tessera::train {
namespace fs = std::filesystem;
namespace {

/// The whole lines of steps up to `step`.
std::string lines_until(const fs::path& file, std::int64_t step) {
  std::string kept;
  const std::string text = read_file(file);
  std::size_t begin = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
    const std::string line = text.substr(begin, end - begin + 1);
    begin = end + 1;
    const io::Json json = io::Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("step") || !json["step"].is_number_integer()) continue;
    if (json["step"].get<std::int64_t>() <= step) kept += line;
  }
  return kept;
}

}  // namespace

RunLog::RunLog(const fs::path& folder, std::int64_t step)
    : file_(folder / "log.jsonl"), events_(folder) {
  if (fs::exists(file_)) write_file_atomically(file_, step > 0 ? lines_until(file_, step) : "");
  errno = 0;
  lines_.open(file_, std::ios::app | std::ios::binary);
  TESSERA_CHECK(lines_, kIo, file_.string(), ": cannot write: ", std::strerror(errno));
}

void RunLog::write(std::int64_t step, const Values& values) {
  io::Json line = {{"step", step}};
  for (const auto& [name, value] : values) {
    line[name] = std::isfinite(value) ? io::Json(value) : io::Json(nullptr);
    events_.scalar(name.find('/') == std::string::npos ? "train/" + name : name, value, step);
  }
  errno = 0;
  lines_ << line.dump() << '\n' << std::flush;
  TESSERA_CHECK(lines_, kIo, file_.string(), ": cannot write: ", std::strerror(errno));
  events_.flush();
}

void RunLog::write_picture(std::int64_t step, const std::string& name, const fs::path& png) {
  events_.image("samples/" + name, read_file(png), step);
  events_.flush();
}

}  // namespace tessera::train
