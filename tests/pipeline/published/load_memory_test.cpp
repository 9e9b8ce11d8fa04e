// Loading must not need much more memory than the weights themselves: neither a float32 copy of
// weights in bfloat16, nor the whole file beside them.

#include <fstream>

#include <gtest/gtest.h>
#include <torch/nn.h>

#include "core/free_memory.h"
#include "nn/reserve.h"
#include "pipeline/published/denoiser_names.h"
#include "tests/support/temporary_folder.h"

namespace tessera::pipeline {
namespace {

/// A line of /proc/self/status in bytes.
double memory(const std::string& key) {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);) {
    if (line.compare(0, key.size() + 1, key + ":") == 0) {
      return std::stod(line.substr(key.size() + 1)) * 1024.0;
    }
  }
  return 0;
}

/// Sets VmHWM, the peak, to what is resident now. False where the system does not let us.
bool reset_peak() {
  std::ofstream out("/proc/self/clear_refs");
  out << "5" << std::flush;
  return static_cast<bool>(out) && memory("VmHWM") < memory("VmRSS") * 1.02;
}

TEST(LoadMemory, BarelyMoreThanTheWeights) {
  const test::TemporaryFolder folder;
  const diffusion::TransformerOptions options{.codes = 1024,
                                              .grid_height = 32,
                                              .grid_width = 32,
                                              .width = 768,
                                              .layers = 6,
                                              .heads = 16,
                                              .condition_width = 512,
                                              .condition_length = 77,
                                              .pooled_text = false,
                                              .mlp_adaln = false};
  const NameMap map = diffusers_denoiser_names(options);
  double bytes = 0;
  {
    auto denoiser = diffusion::make_transformer(options);
    const at::NoGradGuard no_grad;
    for (at::Tensor& p : denoiser->parameters()) {
      p.fill_(0.5);
      bytes += static_cast<double>(p.numel()) * 2.0;
    }
    io::write_safetensors(folder.path() / "file", to_published(io::state_of(*denoiser), map));
  }
  give_back_freed_memory();  // what earlier tests freed must not serve this one
  if (!reset_peak()) GTEST_SKIP() << "the peak of memory cannot be measured here";
  const double before = memory("VmRSS");
  auto denoiser = diffusion::make_transformer(options);
  nn::reserve(*denoiser, at::kBFloat16);
  EXPECT_LT(memory("VmRSS") - before, 0.02 * bytes) << "nothing is touched before it is loaded";
  load_published(*denoiser, io::read_state_dict(folder.path() / "file"), map, "file");
  EXPECT_LT(memory("VmHWM") - before, 1.15 * bytes);
  EXPECT_GT(memory("VmHWM") - before, 0.9 * bytes);
  for (const at::Tensor& p : denoiser->parameters()) {
    ASSERT_EQ(p.scalar_type(), at::kBFloat16);
    ASSERT_TRUE(p.eq(0.5).all().item<bool>());
  }
}

}  // namespace
}  // namespace tessera::pipeline
