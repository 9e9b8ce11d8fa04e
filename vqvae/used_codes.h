#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tessera::vqvae {

/// Codes of a published codebook that its denoisers know. `bitmap` is hexadecimal, the most
/// significant bit first: code i is used where byte i / 8 has the bit 0x80 >> (i % 8).
struct UsedCodes {
  std::int64_t full = 0;  // codes of the codebook
  std::int64_t used = 0;  // bits set
  std::string_view bitmap{};
};

/// 2887 of 8192 (OpenImages, f8, Gumbel) and 974 of 16384 (ImageNet, f16).
std::span<const UsedCodes> published_used_codes();

}  // namespace tessera::vqvae
