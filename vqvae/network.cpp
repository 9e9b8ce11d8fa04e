#include "vqvae/network.h"

#include <array>
#include <string_view>

#include "core/error.h"
#include "vqvae/decoder.h"
#include "vqvae/encoder.h"
#include "vqvae/vqgan_decoder.h"
#include "vqvae/vqgan_encoder.h"

namespace tessera::vqvae {
namespace {

using Maker = std::shared_ptr<Network> (*)(const VqVaeOptions&);

template <typename Side>
std::shared_ptr<Network> make_side(const VqVaeOptions& options) {
  return std::make_shared<Side>(options);
}

struct Architecture {
  std::string_view name;
  Maker encoder;
  Maker decoder;
};

constexpr std::array<Architecture, 2> kArchitectures{{
    {"unshuffle", make_side<Encoder>, make_side<Decoder>},
    {"vqgan", make_side<VqganEncoder>, make_side<VqganDecoder>},
}};

const Architecture& architecture_of(const VqVaeOptions& options) {
  for (const Architecture& entry : kArchitectures) {
    if (entry.name == options.architecture) return entry;
  }
  TESSERA_THROW(kInvalidArgument,
                "architecture must be unshuffle or vqgan, got \"",
                options.architecture,
                "\"");
}

}  // namespace

std::shared_ptr<Network> make_encoder(const VqVaeOptions& options) {
  return architecture_of(options).encoder(options);
}

std::shared_ptr<Network> make_decoder(const VqVaeOptions& options) {
  return architecture_of(options).decoder(options);
}

}  // namespace tessera::vqvae
