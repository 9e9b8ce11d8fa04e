#include "eval/features/feature_shard.h"

#include <cstdio>

#include <ATen/ATen.h>

#include "core/error.h"
#include "core/log.h"
#include "io/json_fields.h"
#include "io/state_dict.h"

namespace tessera::eval {
namespace {

constexpr const char* kPooled = "pooled";
constexpr const char* kSpatial = "spatial";
constexpr const char* kLogits = "logits";
constexpr const char* kUnreadable = "unreadable";
constexpr const char* kKey = "key";

at::Tensor tensor_or_none(const io::StateDict& state, const char* name) {
  const auto found = state.tensors.find(name);
  return found == state.tensors.end() ? at::Tensor() : found->second;
}

FeatureShard from_state(const io::StateDict& state,
                        const ShardPlace& place,
                        const std::string& what) {
  TESSERA_CHECK(state.metadata.count(kKey) == 1 && state.metadata.at(kKey) == place.key &&
                    state.metadata.count(kUnreadable) == 1 && state.tensors.count(kPooled) == 1,
                kCorruptFile,
                what,
                ": not the features that its name says");
  FeatureShard shard{.features = {.pooled = tensor_or_none(state, kPooled),
                                  .spatial = tensor_or_none(state, kSpatial),
                                  .logits = tensor_or_none(state, kLogits)}};
  for (const io::Json& each : io::parse_json(state.metadata.at(kUnreadable), what)) {
    TESSERA_CHECK(each.is_array() && each.size() == 2 && each[0].is_string() && each[1].is_string(),
                  kCorruptFile,
                  what,
                  ": its list of unreadable pictures is none");
    shard.unreadable.push_back({.name = each[0], .reason = each[1]});
  }
  return shard;
}

}  // namespace

std::filesystem::path ShardPlace::file(std::int64_t shard) const {
  char number[32];
  std::snprintf(number, sizeof number, "%05lld", static_cast<long long>(shard));
  return folder / ("features-" + key.substr(0, 16) + "-" + number + ".safetensors");
}

void write_shard(const ShardPlace& place, std::int64_t shard, const FeatureShard& content) {
  io::Json unreadable = io::Json::array();
  for (const Unreadable& each : content.unreadable) {
    unreadable.push_back(io::Json::array({each.name, each.reason}));
  }
  io::StateDict state{
      .metadata = {
          {kKey, place.key},
          {kUnreadable, unreadable.dump(-1, ' ', false, io::Json::error_handler_t::replace)}}};
  state.tensors[kPooled] = content.features.pooled;
  if (content.features.spatial.defined()) state.tensors[kSpatial] = content.features.spatial;
  if (content.features.logits.defined()) state.tensors[kLogits] = content.features.logits;
  io::write_safetensors(place.file(shard), state);
}

std::optional<FeatureShard> read_shard(const ShardPlace& place, std::int64_t shard) {
  const std::filesystem::path file = place.file(shard);
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return {};
  try {
    return from_state(io::read_state_dict(file), place, file.string());
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kNotFound) return {};
    log_warning(concat(error.what(), "; these features are computed again"));
    return {};
  }
}

}  // namespace tessera::eval
