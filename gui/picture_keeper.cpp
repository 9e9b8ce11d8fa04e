#include "gui/picture_keeper.h"

#include <utility>

#include "engine/output_names.h"
#include "gui/image_convert.h"
#include "gui/picture_name.h"

namespace tessera::gui {
namespace {

constexpr int kThumbnail = 192;

}  // namespace

PictureKeeper::PictureKeeper(std::filesystem::path history, KeepingRules rules)
    : history_file_(std::move(history)), rules_(std::move(rules)) {}

std::optional<PictureKeeper::Kept> PictureKeeper::keepNext() {
  if (held_.empty()) return {};
  FinishedPicture& next = held_.front();
  if (next.file.empty()) {
    const std::filesystem::path file = free_name(
        rules_.folder /
        picture_name(
            rules_.name,
            {.prompt = next.prompt, .seed = next.seed, .model = next.model, .when = next.when}));
    engine::prepare_folders({file});
    engine::write_png(
        file, next.pixels, rules_.settings_inside ? next.text : engine::PictureText());
    next.file = file;  // not written once more where only the history refuses
  }
  if (!history_) history_ = std::make_unique<history::History>(history_file_);
  const std::int64_t entry = history_->add({.time = next.when.toMSecsSinceEpoch(),
                                            .file = next.file,
                                            .prompt = next.prompt,
                                            .record = next.text.tessera,
                                            .model = next.model,
                                            .seed = std::to_string(next.seed),
                                            .width = next.pixels.width,
                                            .height = next.pixels.height,
                                            .thumbnail = thumbnail_of(next.image, kThumbnail)});
  Kept kept{.picture = std::move(next), .entry = entry};
  held_.pop_front();
  return kept;
}

}  // namespace tessera::gui
