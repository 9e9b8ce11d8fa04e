#include "lab/unet_cost.h"

#include <vector>

namespace tessera::lab {
namespace {

using diffusion::UNetOptions;

class Count {
 public:
  explicit Count(const UNetOptions& options) : o_(options) {}

  double network() {
    const double time = number(o_.time_channels());
    double sum = number(o_.base_channels) * time + time * time;
    sum += convolution(o_.channels, o_.base_channels, o_.side);
    std::vector<std::int64_t> kept{o_.base_channels};
    std::int64_t width = o_.base_channels;
    const std::size_t levels = o_.channel_multipliers.size();
    for (std::size_t level = 0; level < levels; ++level) {
      for (std::int64_t block = 0; block < o_.residual_blocks; ++block) {
        sum += stage(width, level);
        width = o_.level_channels(level);
        kept.push_back(width);
      }
      if (level + 1 == levels) continue;
      sum += resampled(width, o_.level_side(level + 1));
      kept.push_back(width);
    }
    const std::int64_t lowest = o_.level_side(levels - 1);
    sum += 2 * residual(width, width, lowest) + attention(width, lowest);
    for (std::size_t level = levels; level-- > 0;) {
      for (std::int64_t block = 0; block <= o_.residual_blocks; ++block) {
        sum += stage(width + kept.back(), level);
        kept.pop_back();
        width = o_.level_channels(level);
      }
      if (level > 0) sum += resampled(width, o_.level_side(level - 1));
    }
    return sum + convolution(width, o_.outputs(), o_.side);
  }

 private:
  static double number(std::int64_t value) { return static_cast<double>(value); }
  static double convolution(std::int64_t inputs, std::int64_t outputs, std::int64_t side) {
    return 9 * number(inputs) * number(outputs) * number(side) * number(side);
  }
  double residual(std::int64_t inputs, std::int64_t outputs, std::int64_t side) const {
    double sum = convolution(inputs, outputs, side) + convolution(outputs, outputs, side) +
                 number(o_.time_channels()) * number(outputs) * (o_.scale_shift_norm ? 2 : 1);
    if (inputs != outputs) sum += convolution(inputs, outputs, side) / 9;
    return sum;
  }
  static double attention(std::int64_t width, std::int64_t side) {
    const double places = number(side) * number(side);
    return 4 * number(width) * number(width) * places + 2 * places * places * number(width);
  }
  double stage(std::int64_t inputs, std::size_t level) const {
    const std::int64_t width = o_.level_channels(level);
    const std::int64_t side = o_.level_side(level);
    return residual(inputs, width, side) + (o_.has_attention(level) ? attention(width, side) : 0);
  }
  double resampled(std::int64_t width, std::int64_t side) const {
    if (o_.resample == "residual") return residual(width, width, side);
    return o_.resample == "convolution" ? convolution(width, width, side) : 0;
  }

  const UNetOptions& o_;
};

}  // namespace

double unet_multiply_adds(const UNetOptions& options) {
  return Count(options).network();
}

}  // namespace tessera::lab
