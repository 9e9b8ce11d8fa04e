#include "train/checkpoints.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/log.h"
#include "io/crc32c.h"
#include "io/json_fields.h"

namespace tessera::train {
namespace fs = std::filesystem;
namespace {

constexpr const char* kCard = "checkpoint.json";
constexpr std::uintmax_t kMaxBytes = std::uintmax_t{1} << 40;

std::string name_of(std::int64_t step) {
  char name[32];
  std::snprintf(name, sizeof name, "step-%08lld", static_cast<long long>(step));
  return name;
}

/// Steps of the checkpoints that are there, newest first.
std::vector<std::int64_t> steps_in(const fs::path& folder) {
  std::vector<std::int64_t> steps;
  for (const auto& entry : fs::directory_iterator(folder)) {
    long long step = 0;
    const std::string name = entry.path().filename().string();
    if (std::sscanf(name.c_str(), "step-%lld", &step) == 1 && name == name_of(step)) {
      steps.push_back(step);
    }
  }
  std::sort(steps.rbegin(), steps.rend());
  return steps;
}

void flush_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

io::Json sums_of(const fs::path& folder) {
  io::Json sums = io::Json::object();
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().filename() != kCard) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    const std::string bytes = read_file(file, kMaxBytes);
    sums[file.lexically_relative(folder).string()] = {
        {"bytes", bytes.size()}, {"crc32c", io::crc32c(bytes.data(), bytes.size())}};
  }
  return sums;
}

Checkpoints::Found read_whole(const fs::path& folder) {
  const io::Json card = io::read_json(folder / kCard);
  const bool formed = card.is_object() && card.contains("step") &&
                      card["step"].is_number_integer() && card.contains("note") &&
                      card["note"].is_string() && card.contains("files");
  TESSERA_CHECK(formed, kCorruptFile, (folder / kCard).string(), ": not a checkpoint's card");
  const io::Json found = sums_of(folder);
  for (const auto& item : card["files"].items()) {
    const auto same = found.find(item.key());
    TESSERA_CHECK(
        same != found.end(), kCorruptFile, folder.string(), ": ", item.key(), " is missing");
    TESSERA_CHECK(*same == item.value(),
                  kCorruptFile,
                  folder.string(),
                  ": ",
                  item.key(),
                  " is not as it was written");
  }
  return {card["step"].get<std::int64_t>(), card["note"].get<std::string>(), folder};
}

}  // namespace

Checkpoints::Checkpoints(fs::path folder) : folder_(std::move(folder)) {
  std::error_code failed;
  fs::create_directories(folder_, failed);
  TESSERA_CHECK(!failed, kIo, folder_.string(), ": cannot create: ", failed.message());
  for (const auto& entry : fs::directory_iterator(folder_)) {
    if (entry.path().extension() == ".tmp") fs::remove_all(entry.path(), failed);
  }
}

void Checkpoints::save(std::int64_t step,
                       const std::string& note,
                       std::int64_t keep,
                       const std::function<void(const fs::path&)>& write) const {
  const fs::path target = folder_ / name_of(step);
  const fs::path temporary = folder_ / ("." + name_of(step) + ".tmp");
  std::error_code failed;
  fs::remove_all(temporary, failed);
  fs::create_directory(temporary, failed);
  TESSERA_CHECK(!failed, kIo, temporary.string(), ": cannot create: ", failed.message());
  try {
    write(temporary);
    io::write_json(temporary / kCard,
                   {{"step", step}, {"note", note}, {"files", sums_of(temporary)}});
    flush_folder(temporary);
    fs::remove_all(target, failed);  // a damaged one of the same step
    fs::rename(temporary, target, failed);
    TESSERA_CHECK(!failed, kIo, target.string(), ": cannot write: ", failed.message());
    flush_folder(folder_);
  } catch (...) {
    fs::remove_all(temporary, failed);
    throw;
  }
  const std::vector<std::int64_t> steps = steps_in(folder_);
  for (std::size_t i = static_cast<std::size_t>(keep); i < steps.size(); ++i) {
    fs::remove_all(folder_ / name_of(steps[i]), failed);
  }
}

std::optional<Checkpoints::Found> Checkpoints::newest_whole() const {
  const std::vector<std::int64_t> steps = steps_in(folder_);
  std::string damage;
  for (const std::int64_t step : steps) {
    try {
      return read_whole(folder_ / name_of(step));
    } catch (const Error& error) {
      damage = error.what();
      log_warning(damage + "; trying the checkpoint before it");
    }
  }
  TESSERA_CHECK(steps.empty(), kCorruptFile, "no checkpoint of this run is whole: ", damage);
  return std::nullopt;
}

}  // namespace tessera::train
