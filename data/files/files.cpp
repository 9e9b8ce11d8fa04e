#include "data/files/files.h"

#include "core/error.h"
#include "data/files/readers.h"
#include "io/image/codecs.h"
#include "io/image/resize.h"

namespace tessera::data {
namespace fs = std::filesystem;
namespace {

io::Fit fit_of(const std::string& name) {
  if (name == "crop") return io::Fit::kCrop;
  if (name == "pad") return io::Fit::kPad;
  if (name == "stretch") return io::Fit::kStretch;
  TESSERA_THROW(kInvalidArgument, "fit must be crop, pad or stretch, got \"", name, "\"");
}

}  // namespace

void FilesOptions::validate() const {
  TESSERA_CHECK(resolution >= 8 && resolution <= 4096,
                kInvalidArgument,
                "resolution must be in 8 … 4096, got ",
                resolution);
  fit_of(fit);
  TESSERA_CHECK(!image_column.empty(), kInvalidArgument, "image_column must be named");
}

io::RgbImage FileSet::load(std::size_t sample) const {
  return io::fit_square(io::read_image(samples.at(sample).image),
                        static_cast<std::int32_t>(options.resolution),
                        fit_of(options.fit));
}

FileSet open_files(const fs::path& path, const FilesOptions& options) {
  options.validate();
  std::error_code failed;
  const fs::file_status status = fs::status(path, failed);
  TESSERA_CHECK(fs::exists(status), kNotFound, path.string(), ": no such file or folder");
  FileSet out;
  out.options = options;
  const std::string extension = path.extension().string();
  if (fs::is_directory(status)) {
    if (fs::exists(path / "metadata.jsonl", failed)) {
      read_jsonl(path / "metadata.jsonl", out);
    } else if (fs::exists(path / "metadata.csv", failed)) {
      read_csv(path / "metadata.csv", out);
    } else {
      read_folder(path, out);
    }
  } else if (extension == ".jsonl") {
    read_jsonl(path, out);
  } else if (extension == ".csv") {
    read_csv(path, out);
  } else if (extension == ".json") {
    read_coco(path, out);
  } else {
    TESSERA_THROW(kInvalidArgument,
                  path.string(),
                  ": must be a folder, a .jsonl or .csv list, or a COCO .json file");
  }
  out.problems.finish();
  TESSERA_CHECK(!out.samples.empty(),
                kInvalidArgument,
                path.string(),
                ": no picture with a caption found",
                out.problems.count() > 0 ? concat(", ", out.problems.count(), " bad entries") : "");
  return out;
}

}  // namespace tessera::data
