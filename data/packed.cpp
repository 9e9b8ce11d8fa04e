#include "data/packed.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "core/error.h"
#include "io/json_fields.h"
#include "io/sha256.h"
#include "io/state_dict.h"

namespace tessera::data {
namespace fs = std::filesystem;
namespace {

struct ShardLine {
  std::string file{};
  std::int64_t images = 0;
  std::int64_t samples = 0;
  std::string sha256{};
};

template <typename Visitor>
void visit_fields(Visitor& v, ShardLine& o) {
  v("file", o.file, "name inside the folder");
  v("images", o.images, "pictures");
  v("samples", o.samples, "captions");
  v("sha256", o.sha256, "of the file");
}

/// One mapped shard. Every offset is checked once, here, so that samples can be taken unchecked.
struct Shard {
  at::Tensor images{};     // [n, 3, S, S] uint8
  at::Tensor text{};       // [bytes] uint8
  at::Tensor offsets{};    // [m + 1] int64
  at::Tensor image{};      // [m] int64 in [0, n)
  std::int64_t first = 0;  // number of its first sample in the pack
};

at::Tensor member(const io::StateDict& state,
                  const char* name,
                  at::IntArrayRef shape,
                  at::ScalarType type,
                  const std::string& what) {
  const auto found = state.tensors.find(name);
  TESSERA_CHECK(found != state.tensors.end(), kCorruptFile, what, ": has no tensor \"", name, "\"");
  const at::Tensor& tensor = found->second;
  bool fits =
      tensor.scalar_type() == type && tensor.dim() == static_cast<std::int64_t>(shape.size());
  for (std::size_t i = 0; fits && i < shape.size(); ++i) {
    fits = shape[i] < 0 || tensor.size(static_cast<std::int64_t>(i)) == shape[i];
  }
  TESSERA_CHECK(fits, kCorruptFile, what, ": tensor \"", name, "\" has the shape ", tensor.sizes());
  return tensor;
}

Shard open_shard(const fs::path& file, const ShardLine& line, std::int64_t side) {
  const io::StateDict state = io::read_state_dict(file);
  const std::string what = file.string();
  Shard shard;
  shard.images = member(state, "images", {line.images, 3, side, side}, at::kByte, what);
  shard.text = member(state, "captions", {-1}, at::kByte, what);
  shard.offsets = member(state, "caption_offsets", {line.samples + 1}, at::kLong, what);
  shard.image = member(state, "caption_image", {line.samples}, at::kLong, what);
  const auto* offset = shard.offsets.const_data_ptr<std::int64_t>();
  const auto* row = shard.image.const_data_ptr<std::int64_t>();
  bool good = offset[0] == 0 && offset[line.samples] == shard.text.size(0);
  for (std::int64_t i = 0; good && i < line.samples; ++i) {
    good = offset[i] <= offset[i + 1] && row[i] >= 0 && row[i] < line.images;
  }
  TESSERA_CHECK(good, kCorruptFile, what, ": captions do not fit their offsets");
  return shard;
}

class PackedSource : public Source {
 public:
  explicit PackedSource(const fs::path& folder) {
    const fs::path file = folder / "index.json";
    TESSERA_CHECK(fs::exists(file),
                  kNotFound,
                  folder.string(),
                  ": not a pack, it has no index.json (an unfinished one has none)");
    const io::Json index = io::read_json(file);
    const std::string what = file.string();
    const bool known = index.is_object() && index.contains("schema") &&
                       index.at("schema") == "tessera.packed/1" && index.contains("resolution") &&
                       index.at("resolution").is_number_integer() && index.contains("shards") &&
                       index.at("shards").is_array();
    TESSERA_CHECK(known, kCorruptFile, what, ": not an index of the schema tessera.packed/1");
    const auto side = index.at("resolution").get<std::int64_t>();
    TESSERA_CHECK(side >= 1 && side <= 4096, kCorruptFile, what, ": resolution ", side);
    std::string identity = concat(side);
    for (const io::Json& entry : index.at("shards")) {
      ShardLine line;
      io::from_json_fields(entry, line, what + ": shards");
      TESSERA_CHECK(fs::path(line.file).filename() == line.file && line.images >= 1 &&
                        line.samples >= line.images,
                    kCorruptFile,
                    what,
                    ": a shard is out of range");
      shards_.push_back(open_shard(folder / line.file, line, side));
      shards_.back().first = size_;
      size_ += line.samples;
      identity += " " + line.sha256;
    }
    TESSERA_CHECK(size_ > 0 && index.contains("samples") && index.at("samples") == size_,
                  kCorruptFile,
                  what,
                  ": the shards' counts give ",
                  size_,
                  " samples, not what it says");
    fingerprint_ = "packed " + io::sha256(identity);
  }

  std::int64_t size() const override { return size_; }
  std::string fingerprint() const override { return fingerprint_; }

  Batch get(const std::vector<std::int64_t>& indices, at::Device device) const override {
    Batch batch;
    std::vector<at::Tensor> rows;
    rows.reserve(indices.size());
    for (const std::int64_t index : indices) {
      const Shard& shard = shard_of(index);
      const std::int64_t local = index - shard.first;
      rows.push_back(shard.images[shard.image.const_data_ptr<std::int64_t>()[local]]);
      batch.captions.push_back(caption(shard, local));
    }
    TESSERA_CHECK(!rows.empty(), kInvalidArgument, "a batch needs at least one sample");
    batch.images = at::stack(rows).to(device).to(at::kFloat).div_(127.5).sub_(1);
    batch.indices = indices;
    return batch;
  }

  std::vector<std::string> captions(const std::vector<std::int64_t>& indices) const override {
    std::vector<std::string> out;
    out.reserve(indices.size());
    for (const std::int64_t index : indices) {
      const Shard& shard = shard_of(index);
      out.push_back(caption(shard, index - shard.first));
    }
    return out;
  }

 private:
  const Shard& shard_of(std::int64_t index) const {
    TESSERA_CHECK(index >= 0 && index < size_,
                  kInvalidArgument,
                  "sample must be in [0, ",
                  size_,
                  "), got ",
                  index);
    const auto after = std::upper_bound(
        shards_.begin(), shards_.end(), index, [](std::int64_t value, const Shard& shard) {
          return value < shard.first;
        });
    return *std::prev(after);
  }

  static std::string caption(const Shard& shard, std::int64_t local) {
    const auto* offset = shard.offsets.const_data_ptr<std::int64_t>();
    const auto* text = reinterpret_cast<const char*>(shard.text.const_data_ptr<std::uint8_t>());
    return {text + offset[local], text + offset[local + 1]};
  }

  std::vector<Shard> shards_{};
  std::int64_t size_ = 0;
  std::string fingerprint_{};
};

}  // namespace

std::unique_ptr<const Source> open_packed(const fs::path& folder) {
  return std::make_unique<PackedSource>(folder);
}

bool is_packed(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_regular_file(folder / "index.json", ignored);
}

}  // namespace tessera::data
