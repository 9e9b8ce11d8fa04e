#include "eval/statistics/statistics_file.h"

#include <cstring>

#include <ATen/ATen.h>

#include "core/error.h"
#include "eval/features/facts_json.h"
#include "io/formats/npz.h"

namespace tessera::eval {
namespace {

constexpr std::int64_t kMostDims = 65'536;
constexpr const char* kCount = "count";
constexpr const char* kFacts = "tessera";  // JSON as bytes

Gaussian read_gaussian(const io::NpzFile& npz, const std::string& suffix, const std::string& what) {
  Gaussian out{.mean = npz.read("mu" + suffix).to(at::kDouble),
               .covariance = npz.read("sigma" + suffix).to(at::kDouble)};
  const std::int64_t dims = out.mean.dim() == 1 ? out.mean.size(0) : 0;
  TESSERA_CHECK(dims >= 1 && dims <= kMostDims && out.covariance.dim() == 2 &&
                    out.covariance.size(0) == dims && out.covariance.size(1) == dims,
                kCorruptFile,
                what,
                ": mu",
                suffix,
                " and sigma",
                suffix,
                " must be [D] and [D, D], they are ",
                out.mean.sizes(),
                " and ",
                out.covariance.sizes());
  TESSERA_CHECK(
      at::isfinite(out.mean).all().item<bool>() && at::isfinite(out.covariance).all().item<bool>(),
      kCorruptFile,
      what,
      ": mu",
      suffix,
      " or sigma",
      suffix,
      " holds values that are not numbers");
  return out;
}

std::int64_t read_count(const io::NpzFile& npz, const std::string& what) {
  if (!npz.has(kCount)) return 0;
  const at::Tensor count = npz.read(kCount);
  TESSERA_CHECK(count.numel() == 1 && count.scalar_type() == at::kLong,
                kCorruptFile,
                what,
                ": count must be one whole number");
  const auto value = count.item<std::int64_t>();
  TESSERA_CHECK(value >= 2, kCorruptFile, what, ": count must be at least 2, is ", value);
  return value;
}

std::optional<FeatureFacts> read_facts(const io::NpzFile& npz, const std::string& what) {
  if (!npz.has(kFacts)) return {};
  const at::Tensor bytes = npz.read(kFacts);
  if (bytes.scalar_type() != at::kByte || bytes.dim() != 1) return {};
  const std::string text(reinterpret_cast<const char*>(bytes.const_data_ptr<std::uint8_t>()),
                         static_cast<std::size_t>(bytes.numel()));
  return facts_from_json(io::parse_json(text, what), what);
}

at::Tensor bytes_of(const std::string& text) {
  at::Tensor out = at::empty({static_cast<std::int64_t>(text.size())}, at::kByte);
  std::memcpy(out.mutable_data_ptr<std::uint8_t>(), text.data(), text.size());
  return out;
}

}  // namespace

PictureStatistics read_statistics(const std::filesystem::path& file) {
  const io::NpzFile npz = io::NpzFile::open(file);
  const std::string what = file.string();
  TESSERA_CHECK(npz.has("mu") && npz.has("sigma"),
                kCorruptFile,
                what,
                ": no statistics of pictures: it has no arrays mu and sigma");
  PictureStatistics out{.pooled = read_gaussian(npz, "", what)};
  if (npz.has("mu_s") && npz.has("sigma_s")) out.spatial = read_gaussian(npz, "_s", what);
  out.pooled.count = read_count(npz, what);
  if (out.spatial) out.spatial->count = out.pooled.count;
  out.features = read_facts(npz, what);
  return out;
}

void write_statistics(const std::filesystem::path& file, const PictureStatistics& statistics) {
  std::map<std::string, at::Tensor> arrays = {{"mu", statistics.pooled.mean},
                                              {"sigma", statistics.pooled.covariance}};
  if (statistics.spatial) {
    arrays["mu_s"] = statistics.spatial->mean;
    arrays["sigma_s"] = statistics.spatial->covariance;
  }
  if (statistics.pooled.count > 0) {
    arrays[kCount] = at::scalar_tensor(statistics.pooled.count, at::kLong);
  }
  if (statistics.features) arrays[kFacts] = bytes_of(facts_to_json(*statistics.features).dump());
  io::write_npz(file, arrays);
}

}  // namespace tessera::eval
