#include "pipeline/ready_part.h"

#include <torch/nn/module.h>

namespace tessera::pipeline {

std::int64_t make_ready(torch::nn::Module* network, c10::Device device) {
  if (network == nullptr) return 0;
  network->eval();
  network->to(device);
  std::int64_t count = 0;
  for (const at::Tensor& parameter : network->parameters()) count += parameter.numel();
  return count;
}

}  // namespace tessera::pipeline
