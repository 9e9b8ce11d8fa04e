#include "vqvae/code_remap.h"

#include <vector>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "core/error.h"
#include "core/listed.h"
#include "vqvae/used_codes.h"

namespace tessera::vqvae {
namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  TESSERA_THROW(kInvalidArgument, "a bitmap of codes holds \"", c, "\", no hexadecimal digit");
}

at::Tensor tensor_of(const std::vector<std::int64_t>& values) {
  return at::tensor(values, at::kLong);
}

void check_ids(const char* name, const at::Tensor& ids, std::int64_t count) {
  const at::Tensor wrong = (ids < 0).logical_or(ids >= count).nonzero();
  if (wrong.size(0) == 0) return;
  const auto place = wrong[0][0].item<std::int64_t>();
  TESSERA_THROW(kCorruptFile,
                name,
                "[",
                place,
                "] is ",
                ids[place].item<std::int64_t>(),
                ", which is outside 0..",
                count - 1);
}

}  // namespace

CodeMap code_map_from_index(const at::Tensor& full_to_reduced) {
  TESSERA_CHECK(full_to_reduced.dim() == 1 && full_to_reduced.size(0) > 0 &&
                    at::isIntegralType(full_to_reduced.scalar_type(), /*includeBool=*/false),
                kCorruptFile,
                "the map of used codes must be [F] integers, got ",
                full_to_reduced.sizes());
  const at::Tensor map = full_to_reduced.to(at::kCPU, at::kLong).contiguous();
  check_ids("the map of used codes", map, map.size(0));
  const std::int64_t used = map.max().item<std::int64_t>() + 1;
  std::vector<std::int64_t> first(static_cast<std::size_t>(used), -1);
  const std::int64_t* ids = map.const_data_ptr<std::int64_t>();
  for (std::int64_t full = map.size(0); full-- > 0;) {
    first[static_cast<std::size_t>(ids[full])] = full;
  }
  for (std::size_t id = 0; id < first.size(); ++id) {
    TESSERA_CHECK(first[id] >= 0,
                  kCorruptFile,
                  "the map of used codes gives no code the number ",
                  id,
                  ", but one the number ",
                  used - 1);
  }
  return {.full_to_reduced = map.clone(), .reduced_to_full = tensor_of(first)};
}

CodeMap code_map_from_bitmap(std::string_view hexadecimal) {
  std::vector<std::int64_t> full_to_reduced;
  std::vector<std::int64_t> reduced_to_full;
  for (const char c : hexadecimal) {
    const int digit = digit_of(c);
    for (const int bit : {8, 4, 2, 1}) {
      const bool used = (digit & bit) != 0;
      const auto rank = static_cast<std::int64_t>(reduced_to_full.size());
      if (used) reduced_to_full.push_back(static_cast<std::int64_t>(full_to_reduced.size()));
      full_to_reduced.push_back(used ? rank : 0);
    }
  }
  TESSERA_CHECK(!reduced_to_full.empty() && reduced_to_full.front() == 0,
                kInvalidArgument,
                "a bitmap of codes must hold code 0, which stands for the unused ones");
  return {.full_to_reduced = tensor_of(full_to_reduced),
          .reduced_to_full = tensor_of(reduced_to_full)};
}

CodeMap published_code_map(std::int64_t full, std::int64_t used) {
  for (const UsedCodes& each : published_used_codes()) {
    if (each.full == full && each.used == used) return code_map_from_bitmap(each.bitmap);
  }
  const auto name_of = [](const UsedCodes& each) { return concat(each.used, " of ", each.full); };
  TESSERA_THROW(kInvalidArgument,
                "which ",
                used,
                " of ",
                full,
                " codes are used is not known; known: ",
                listed(published_used_codes(), name_of));
}

CodeRemap::CodeRemap(std::int64_t full, std::int64_t reduced) {
  const at::Tensor ids = at::arange(full, at::kLong);
  full_to_reduced_ = register_buffer("full_to_reduced", ids.masked_fill(ids >= reduced, 0));
  reduced_to_full_ = register_buffer("reduced_to_full", at::arange(reduced, at::kLong));
}

void CodeRemap::set(const CodeMap& map) {
  TESSERA_CHECK(map.full_to_reduced.sizes() == full_to_reduced_.sizes() &&
                    map.reduced_to_full.sizes() == reduced_to_full_.sizes(),
                kShapeMismatch,
                "the map of used codes is one of ",
                map.reduced_to_full.sizes(),
                " of ",
                map.full_to_reduced.sizes(),
                " codes, the codec has ",
                reduced_to_full_.sizes(),
                " of ",
                full_to_reduced_.sizes());
  const at::NoGradGuard no_grad;
  full_to_reduced_.copy_(map.full_to_reduced);
  reduced_to_full_.copy_(map.reduced_to_full);
}

void CodeRemap::check() const {
  check_ids("full_to_reduced", full_to_reduced_, reduced_to_full_.size(0));
  check_ids("reduced_to_full", reduced_to_full_, full_to_reduced_.size(0));
}

at::Tensor CodeRemap::to_reduced(const at::Tensor& full) const {
  return full_to_reduced_.index_select(0, full.reshape({-1})).view(full.sizes());
}

at::Tensor CodeRemap::to_full(const at::Tensor& reduced) const {
  return reduced_to_full_.index_select(0, reduced.reshape({-1})).view(reduced.sizes());
}

void CodeRemap::to(torch::Device device, torch::Dtype /*dtype*/, bool non_blocking) {
  Module::to(device, non_blocking);
}

void CodeRemap::to(torch::Dtype /*dtype*/, bool /*non_blocking*/) {}

}  // namespace tessera::vqvae
