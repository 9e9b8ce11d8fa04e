#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "eval/features/feature_extractor.h"

namespace tessera::eval {

/// A picture that could not be read.
struct Unreadable {
  std::string name{};
  std::string reason{};
};

/// Features of a run of pictures; rows are the readable ones in order.
struct FeatureShard {
  Features features{};
  std::vector<Unreadable> unreadable{};
};

/// What a shard's file belongs to; another key is another computation.
struct ShardPlace {
  std::filesystem::path folder{};
  std::string key{};  // hexadecimal
  std::filesystem::path file(std::int64_t shard) const;
};

void write_shard(const ShardPlace& place, std::int64_t shard, const FeatureShard& content);

/// None where there is no such file, or one that is damaged (it is made again).
std::optional<FeatureShard> read_shard(const ShardPlace& place, std::int64_t shard);

}  // namespace tessera::eval
