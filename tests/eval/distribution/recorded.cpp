#include "tests/eval/distribution/recorded.h"

#include <limits>
#include <map>

#include <ATen/ATen.h>

#include "io/state_dict.h"
#include "nn/rng.h"

namespace tessera::eval::test {

std::filesystem::path data_file(const std::string& name) {
  return std::filesystem::path(TESSERA_SOURCE_DIR "/tests/eval/data") / name;
}

at::Tensor recorded(const std::string& kind, const std::string& name) {
  static std::map<std::string, io::StateDict> files;
  if (files.count(kind) == 0) {
    files[kind] = io::read_state_dict(data_file("distribution-" + kind + ".safetensors"));
  }
  return files[kind].tensors.at(name);
}

double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes()) return std::numeric_limits<double>::infinity();
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

at::Tensor normal_points(std::int64_t rows, std::int64_t dims, std::int64_t number) {
  return nn::Rng::of_run(5, number, 1)
      .normal(Purpose::kExperiment, 0, {rows, dims})[0]
      .to(at::kDouble);
}

}  // namespace tessera::eval::test
