#include "engine/reconstruct_files.h"

#include <cmath>

#include "engine/image_files.h"
#include "io/json_fields.h"

namespace tessera::engine {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kMostPixels = 4'000'000;

std::vector<fs::path> names_of(const ReconstructRun& run) {
  if (!run.naming.out.empty()) {
    std::vector<PictureName> pictures;
    for (const std::string& picture : run.pictures) {
      pictures.push_back({.prompt = fs::path(picture).stem().string()});
    }
    return name_pictures(pictures, run.naming);
  }
  std::vector<fs::path> files;
  for (const std::string& picture : run.pictures) {
    const fs::path source(picture);
    NamingOptions beside = run.naming;
    beside.out = (source.parent_path() / (source.stem().string() + "-reconstructed.png")).string();
    files.push_back(name_pictures({{}}, beside).front());
  }
  return files;
}

Image fitted(const Image& image, std::int32_t cell) {
  const std::int32_t width = image.width / cell * cell;
  const std::int32_t height = image.height / cell * cell;
  TESSERA_CHECK(width > 0 && height > 0 && std::int64_t{width} * height <= kMostPixels,
                kInvalidArgument,
                "a picture of ",
                image.width,
                "x",
                image.height,
                " cannot be reconstructed: sides must be at least ",
                cell,
                ", with at most ",
                kMostPixels,
                " pixels in all");
  return centre_crop(image, width, height);
}

ReconstructedFile reconstruct_one(Engine& engine,
                                  const fs::path& source,
                                  const fs::path& target,
                                  bool side_by_side) {
  const Image image = fitted(read_image(source), engine.downsampling());
  const Engine::Reconstruction made = engine.reconstruct(image);
  write_png(target, side_by_side ? contact_sheet({{image, ""}, {made.image, ""}}, 2) : made.image);
  const io::Json record = {{"source", source.string()},
                           {"path", target.string()},
                           {"psnr", std::isfinite(made.psnr) ? io::Json(made.psnr) : io::Json()},
                           {"codes", made.codes},
                           {"tokens", made.tokens},
                           {"status", "completed"}};
  return {.source = source,
          .path = target,
          .psnr = made.psnr,
          .codes = made.codes,
          .tokens = made.tokens,
          .json = record.dump(-1, ' ', false, io::Json::error_handler_t::replace)};
}

ReconstructedFile failure(const fs::path& source, const Error& error) {
  const io::Json record = {
      {"source", source.string()},
      {"status", "failed"},
      {"error", {{"code", to_string(error.code())}, {"message", error.what()}}}};
  return {.source = source,
          .json = record.dump(-1, ' ', false, io::Json::error_handler_t::replace),
          .failed = true,
          .code = error.code(),
          .message = error.what()};
}

}  // namespace

void reconstruct_files(Engine& engine,
                       const ReconstructRun& run,
                       const std::function<void(const ReconstructedFile&)>& on_picture,
                       std::stop_token stop) {
  const std::vector<fs::path> targets = names_of(run);
  prepare_folders(targets);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    TESSERA_CHECK(!stop.stop_requested(), kCancelled, "stopped after ", i, " pictures");
    const fs::path source = run.pictures[i];
    try {
      on_picture(reconstruct_one(engine, source, targets[i], run.side_by_side));
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kIo) throw;
      on_picture(failure(source, error));
    }
  }
}

}  // namespace tessera::engine
