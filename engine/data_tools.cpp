#include "engine/data_tools.h"

#include <algorithm>
#include <cstdio>
#include <memory>

#include <ATen/ATen.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "data/files/pack.h"
#include "data/packed.h"
#include "data/scenes/scenes.h"
#include "engine/export_folder.h"
#include "engine/image_convert.h"
#include "engine/image_files.h"
#include "engine/installation.h"
#include "io/image/codecs.h"
#include "io/json_fields.h"
#include "io/sha256.h"
#include "jobs/shipped_file.h"
#include "pipeline/model_card.h"

namespace tessera::engine {
namespace fs = std::filesystem;
namespace {

struct Samples {
  std::vector<Image> images{};
  std::vector<std::string> captions{};
};

/// One way to look at all kinds of data: sample i as a picture and its caption.
class Gallery {
 public:
  virtual ~Gallery() = default;
  virtual std::int64_t size() const = 0;
  virtual Samples get(std::int64_t first, std::int64_t count) const = 0;
  virtual std::string fingerprint() const = 0;  // the same text, the same samples
};

class SourceGallery final : public Gallery {
 public:
  explicit SourceGallery(std::unique_ptr<const data::Source> source) : source_(std::move(source)) {}
  std::int64_t size() const override { return source_->size(); }
  Samples get(std::int64_t first, std::int64_t count) const override {
    std::vector<std::int64_t> indices;
    for (std::int64_t i = first; i < first + count; ++i) indices.push_back(i);
    data::Batch batch = source_->get(indices, at::kCPU);
    return {.images = to_engine_images(batch.images), .captions = std::move(batch.captions)};
  }
  std::string fingerprint() const override { return source_->fingerprint(); }

 private:
  std::unique_ptr<const data::Source> source_;
};

/// Pictures of one's own that are not packed: decoded as they are asked for.
class FilesGallery final : public Gallery {
 public:
  explicit FilesGallery(data::FileSet files) : files_(std::move(files)) {}
  std::int64_t size() const override { return static_cast<std::int64_t>(files_.samples.size()); }
  Samples get(std::int64_t first, std::int64_t count) const override {
    Samples samples;
    for (std::int64_t i = first; i < first + count; ++i) {
      const auto index = static_cast<std::size_t>(i);
      io::RgbImage image = files_.load(index);
      samples.images.push_back(
          {.width = image.width, .height = image.height, .pixels = std::move(image.pixels)});
      samples.captions.push_back(files_.samples[index].captions.front());
    }
    return samples;
  }
  std::string fingerprint() const override { return concat(files_.samples.size(), " files"); }

 private:
  data::FileSet files_;
};

data::SceneOptions scene_options(const DataChoice& choice) {
  data::SceneOptions options;
  if (!choice.model.empty()) {
    const pipeline::ModelCard card = pipeline::read_model_card(choice.model);
    TESSERA_CHECK(
        card.has_world, kInvalidArgument, choice.model.string(), ": its card names no world");
    options = card.world;
  } else {
    options.resolution = choice.resolution;
    options.nouns = choice.nouns;
    options.kinds = choice.kinds;
  }
  options.seed = choice.seed;
  options.split = choice.split;
  options.validate();
  return options;
}

std::unique_ptr<const Gallery> open_gallery(const DataChoice& choice) {
  if (choice.path.empty()) {
    return std::make_unique<SourceGallery>(
        data::open_scenes(jobs::atlas_file({}), scene_options(choice)));
  }
  if (data::is_packed(choice.path)) {
    return std::make_unique<SourceGallery>(data::open_packed(choice.path));
  }
  return std::make_unique<FilesGallery>(
      data::open_files(choice.path, {.resolution = choice.resolution}));
}

/// How many samples there are to show from `first` on.
std::int64_t rows_of(const Gallery& gallery, const DataChoice& choice, std::int64_t most) {
  TESSERA_CHECK(choice.count >= 1 && choice.count <= most,
                kInvalidArgument,
                "count must be in 1..",
                most,
                ", got ",
                choice.count);
  TESSERA_CHECK(choice.first >= 0 && choice.first < gallery.size(),
                kInvalidArgument,
                "first must be in 0..",
                gallery.size() - 1,
                ", got ",
                choice.first);
  return std::min(choice.count, gallery.size() - choice.first);
}

std::string numbered(std::int64_t index) {
  char text[32];
  std::snprintf(text, sizeof text, "%06lld", static_cast<long long>(index));
  return text;
}

std::string png_bytes(const Image& image) {
  return io::encode_png({.width = image.width, .height = image.height, .pixels = image.pixels});
}

/// What an export is of: two commands with equal settings write the same files.
std::string settings_of(const DataChoice& choice, const Gallery& gallery, std::int64_t rows) {
  io::Json settings = io::to_json_fields(choice);
  settings["input"] = choice.path.empty() ? "scenes" : fs::absolute(choice.path).string();
  settings["samples"] = gallery.fingerprint();
  settings["count"] = rows;
  return settings.dump(2, ' ', false, io::Json::error_handler_t::replace) + "\n";
}

}  // namespace

Image preview_data(const DataChoice& choice, std::int32_t columns) {
  const auto gallery = open_gallery(choice);
  Samples samples = gallery->get(choice.first, rows_of(*gallery, choice, 10'000));
  std::vector<SheetPicture> pictures;
  for (std::size_t i = 0; i < samples.images.size(); ++i) {
    pictures.push_back(
        {.image = std::move(samples.images[i]), .caption = std::move(samples.captions[i])});
  }
  return contact_sheet(std::move(pictures), columns);
}

std::int64_t export_data(const DataChoice& choice,
                         const fs::path& folder,
                         const ProgressSink& progress,
                         std::stop_token stop) {
  const auto gallery = open_gallery(choice);
  const std::int64_t rows = rows_of(*gallery, choice, 100'000'000);
  ExportFolder out(folder, settings_of(choice, *gallery, rows));
  constexpr std::int64_t kBlock = 64;
  std::string list;
  for (std::int64_t done = 0; done < rows; done += kBlock) {
    TESSERA_CHECK(!stop.stop_requested(),
                  kCancelled,
                  "stopped after ",
                  done,
                  " pictures; the same command goes on");
    const Samples samples = gallery->get(choice.first + done, std::min(kBlock, rows - done));
    for (std::size_t i = 0; i < samples.images.size(); ++i) {
      const std::string name = numbered(choice.first + done + static_cast<std::int64_t>(i));
      out.put(name + ".png", png_bytes(samples.images[i]));
      out.put(name + ".txt", samples.captions[i] + "\n");
      list += io::Json{{"file_name", name + ".png"}, {"text", samples.captions[i]}}.dump(
                  -1, ' ', false, io::Json::error_handler_t::replace) +
              "\n";
    }
    if (progress) {
      progress({.stage = "export", .step = std::min(done + kBlock, rows), .total = rows});
    }
  }
  out.put("metadata.jsonl", list);
  out.finish();
  return rows;
}

PackSummary pack_data(const fs::path& input,
                      const PackChoice& choice,
                      const fs::path& folder,
                      const ProgressSink& progress,
                      std::stop_token stop) {
  const data::FileSet files = data::open_files(input,
                                               {.resolution = choice.resolution,
                                                .fit = choice.fit,
                                                .images = choice.images,
                                                .image_column = choice.image_column,
                                                .caption_column = choice.caption_column});
  const data::PackReport report = data::pack_files(files, folder, progress, stop);
  return {.images = report.images, .samples = report.samples, .skipped = report.skipped};
}

fs::path pack_into_cache(const fs::path& input,
                         std::int64_t resolution,
                         const ProgressSink& progress,
                         std::stop_token stop) {
  const data::FileSet files = data::open_files(input, {.resolution = resolution});
  io::Sha256 key;
  const auto add = [&key](const std::string& text) { key.update(text.c_str(), text.size() + 1); };
  add(concat("resolution ", resolution));
  for (const data::FileSample& sample : files.samples) {
    std::error_code ignored;
    add(fs::absolute(sample.image).string());
    add(concat(fs::file_size(sample.image, ignored),
               " ",
               fs::last_write_time(sample.image, ignored).time_since_epoch().count()));
    for (const std::string& caption : sample.captions) add(caption);
  }
  const fs::path folder = cache_folder() / "packs" / key.hex().substr(0, 32);
  if (!data::is_packed(folder)) {
    std::error_code failed;
    fs::create_directories(folder.parent_path(), failed);
    TESSERA_CHECK(!failed,
                  kIo,
                  folder.parent_path().string(),
                  ": cannot make this folder: ",
                  failed.message());
    data::pack_files(files, folder, progress, stop);
  }
  return folder;
}

}  // namespace tessera::engine
