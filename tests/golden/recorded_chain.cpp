#include "tests/golden/recorded_chain.h"

#include <ATen/ATen.h>

#include "io/json_fields.h"

namespace tessera::golden {

std::unique_ptr<const diffusion::Transition> chain_of_scheduler(const std::filesystem::path& file) {
  const io::Json json = io::read_json(file);
  return diffusion::make_transition({.steps = json.at("num_train_timesteps").get<std::int64_t>(),
                                     .keep_start = json.at("alpha_cum_start").get<double>(),
                                     .keep_end = json.at("alpha_cum_end").get<double>(),
                                     .mask_start = json.at("gamma_cum_start").get<double>(),
                                     .mask_end = json.at("gamma_cum_end").get<double>()},
                                    json.at("num_vec_classes").get<std::int64_t>() - 1);
}

at::Tensor time_of_index(std::int64_t index) {
  return at::full({1}, index + 1, at::kLong);
}

nn::Noise recorded_noise(const at::Tensor& uniform) {
  nn::Noise noise;
  noise.recorded = uniform;
  return noise;
}

}  // namespace tessera::golden
