#include <algorithm>

#include <ATen/ATen.h>

#include "core/error.h"
#include "data/packed.h"
#include "io/json_fields.h"
#include "io/sha256.h"
#include "io/state_dict.h"

namespace tessera::data {
namespace fs = std::filesystem;

PackWriter::PackWriter(const fs::path& folder, const PackOptions& options)
    : folder_(folder.has_filename() ? folder : folder.parent_path()),
      partial_(folder_.string() + ".partial"),
      options_(options),
      rows_(0) {
  TESSERA_CHECK(options.resolution >= 1 && options.resolution <= 4096,
                kInvalidArgument,
                "resolution must be in 1 … 4096, got ",
                options.resolution);
  std::error_code failed;
  TESSERA_CHECK(!fs::exists(folder_, failed) ||
                    (fs::is_directory(folder_, failed) && fs::is_empty(folder_, failed)),
                kInvalidArgument,
                folder_.string(),
                ": already holds something; name another folder or remove it");
  rows_ = std::max<std::int64_t>(
      1, options.shard_bytes / (3 * options.resolution * options.resolution));
  fs::remove_all(partial_, failed);
  fs::create_directories(partial_, failed);
  TESSERA_CHECK(!failed, kIo, partial_.string(), ": cannot create: ", failed.message());
}

PackWriter::~PackWriter() {
  std::error_code ignored;
  fs::remove_all(partial_, ignored);
}

void PackWriter::add(const at::Tensor& image, const std::vector<std::string>& captions) {
  const std::int64_t side = options_.resolution;
  TESSERA_CHECK(
      image.sizes() == at::IntArrayRef({3, side, side}) && image.scalar_type() == at::kByte,
      kShapeMismatch,
      "a packed picture must be uint8 [3, ",
      side,
      ", ",
      side,
      "], got ",
      image.sizes());
  TESSERA_CHECK(!captions.empty(), kInvalidArgument, "a packed picture needs a caption");
  if (!pixels_.defined()) pixels_ = at::empty({rows_, 3, side, side}, at::kByte);
  pixels_[filled_].copy_(image);
  for (const std::string& caption : captions) {
    captions_ += caption;
    offsets_.push_back(static_cast<std::int64_t>(captions_.size()));
    image_.push_back(filled_);
  }
  ++filled_;
  if (filled_ == rows_) write_shard();
}

void PackWriter::write_shard() {
  if (filled_ == 0) return;
  std::string name = std::to_string(shards_.size());
  name.insert(0, 5 - std::min<std::size_t>(5, name.size()), '0');
  name += ".safetensors";
  const auto size = static_cast<std::int64_t>(captions_.size());
  io::StateDict shard;
  shard.tensors["images"] = pixels_.narrow(0, 0, filled_);
  shard.tensors["captions"] = at::from_blob(captions_.data(), {size}, at::kByte);
  shard.tensors["caption_offsets"] =
      at::from_blob(offsets_.data(), {static_cast<std::int64_t>(offsets_.size())}, at::kLong);
  shard.tensors["caption_image"] =
      at::from_blob(image_.data(), {static_cast<std::int64_t>(image_.size())}, at::kLong);
  io::write_safetensors(partial_ / name, shard);
  const auto samples = static_cast<std::int64_t>(image_.size());
  shards_.push_back({name, io::sha256_of_file(partial_ / name), filled_, samples});
  images_ += filled_;
  samples_ += samples;
  filled_ = 0;
  captions_.clear();
  offsets_.assign(1, 0);
  image_.clear();
}

void PackWriter::finish() {
  write_shard();
  TESSERA_CHECK(images_ > 0, kInvalidArgument, folder_.string(), ": no picture to pack");
  io::Json index = {{"schema", "tessera.packed/1"},
                    {"resolution", options_.resolution},
                    {"images", images_},
                    {"samples", samples_},
                    {"shards", io::Json::array()}};
  for (const Shard& shard : shards_) {
    index["shards"].push_back({{"file", shard.file},
                               {"images", shard.images},
                               {"samples", shard.samples},
                               {"sha256", shard.sha256}});
  }
  io::write_json(partial_ / "index.json", index);
  std::error_code failed;
  fs::rename(partial_, folder_, failed);  // over an empty folder, too
  TESSERA_CHECK(!failed, kIo, folder_.string(), ": cannot write: ", failed.message());
}

}  // namespace tessera::data
