#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "diffusion/gaussian/bound.h"
#include "io/json_fields.h"

namespace tessera::eval {

/// Collects the bound of pictures under Gaussian diffusion (DDPM, Ho et al. 2020, eq. 5), with
/// every term, in bits.
class GaussianBits {
 public:
  /// `what` the dimensions are: "pixels" (a likelihood of 8-bit values) or "latents" (a density,
  /// whose bits may be negative and depend on the latents' scale).
  explicit GaussianBits(std::string what) : what_(std::move(what)) {}

  /// Terms of a batch, over `dimensions` numbers a picture.
  void add(const diffusion::BoundTerms& terms, std::int64_t dimensions);

  /// "pictures", "of", "dimensions", "bits_per_dimension" and "bits_per_picture" with mean, error
  /// and interval; "terms_per_dimension" (prior, denoising, decoding); "times", a row a stride.
  io::Json report() const;

 private:
  struct Stride {
    std::int64_t from = 0, to = 0;
    std::vector<double> term{};           // nats a dimension
    std::vector<double> squared_error{};  // of x_0's estimate
  };
  std::string what_;
  std::int64_t dimensions_ = 0;
  std::vector<double> prior_{};  // nats a dimension, a number a picture
  std::vector<Stride> strides_{};
};

std::string gaussian_bits_table(const io::Json& report);

}  // namespace tessera::eval
