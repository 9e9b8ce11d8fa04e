#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tessera::eval {

struct Extent {
  std::int64_t height = 1;
  std::int64_t width = 1;
};

/// One convolution of the network, followed by batch normalisation and a rectifier.
struct InceptionLayer {
  std::string name{};  // as torchvision, pytorch-fid and torch-fidelity call it: Mixed_5b.branch1x1
  std::string script{};  // as the TorchScript translation does: mixed.conv
  std::int64_t in = 0;
  std::int64_t out = 0;
  std::int64_t side = 0;  // pixels of what it reads, which is square
  Extent kernel{};
  std::int64_t stride = 1;
  Extent padding{0, 0};
};

/// The 94 convolutions of Inception v3 (Szegedy et al., CVPR 2016) in the form of the graph of
/// 2015-12-05 that FID is defined on, in the order of the network.
const std::vector<InceptionLayer>& inception_layers();

inline constexpr std::int64_t kInceptionFeatures = 2048;
inline constexpr std::int64_t kInceptionClasses = 1008;

}  // namespace tessera::eval
