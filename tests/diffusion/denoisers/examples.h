#pragma once

#include <string>
#include <vector>

#include <torch/nn.h>

#include "core/error.h"
#include "diffusion/denoisers/transformer.h"
#include "tests/support/finite_differences.h"

namespace tessera::diffusion {

inline TransformerOptions tiny() {
  return {.codes = 5,
          .grid_height = 2,
          .grid_width = 3,
          .width = 16,
          .layers = 2,
          .heads = 2,
          .condition_width = 12,
          .condition_length = 4,
          .steps = 10};
}

/// The variants of a text whose code paths differ.
inline std::vector<TransformerOptions> variants() {
  std::vector<TransformerOptions> all;
  for (const char* time : {"table", "sinusoidal"}) {
    for (const bool pooled : {true, false}) {
      for (const bool mlp : {true, false}) {
        all.push_back(tiny());
        all.back().time_embedding = time;
        all.back().pooled_text = pooled;
        all.back().mlp_adaln = mlp;
      }
    }
  }
  return all;
}

/// Without a text, and with the parts that published models of classes and faces have.
inline std::vector<TransformerOptions> textless_variants() {
  std::vector<TransformerOptions> all;
  for (const char* condition : {"class", "none"}) {
    for (const char* time : {"table", "sinusoidal"}) {
      all.push_back(tiny());
      all.back().condition = condition;
      all.back().classes = 3;
      all.back().time_embedding = time;
      all.back().mlp = std::string(time) == "table" ? "convolution" : "linear";
      all.back().position_side = std::string(time) == "table" ? 4 : 0;
      all.back().pooled_text = false;
      all.back().mlp_adaln = false;
    }
  }
  all.push_back(all.back());
  all.back().mlp_adaln = true;
  all.push_back(tiny());
  all.back().mlp = "convolution";
  all.back().position_side = 3;
  all.back().learned_null = false;
  return all;
}

inline std::string name(const TransformerOptions& o) {
  return concat(o.condition,
                ", ",
                o.mlp,
                " MLP, ",
                o.time_embedding,
                o.pooled_text ? ", pooled" : "",
                o.mlp_adaln ? ", MLP AdaLN" : "");
}

inline std::shared_ptr<DiscreteDenoiser> model(const TransformerOptions& options = tiny()) {
  auto denoiser = make_transformer(options);
  test::fill_parameters(*denoiser, 0.3);
  return denoiser;
}

inline at::Tensor normal(at::IntArrayRef shape, std::uint32_t stream) {
  return test::normal_like(at::empty(shape), stream).to(at::kFloat);
}

/// Three rows with texts of 5, 3 and 2 real tokens.
struct Example {
  at::Tensor x =
      at::tensor({0, 1, 2, 3, 4, 5, 5, 5, 5, 5, 5, 5, 1, 1, 0, 5, 2, 5}, at::kLong).view({3, 6});
  at::Tensor t = at::tensor({1, 10, 4}, at::kLong);
  nn::Condition text{.tokens = normal({3, 5, 12}, 1),
                     .mask = at::arange(5).unsqueeze(0).lt(at::tensor({5, 3, 2}).unsqueeze(1)),
                     .labels = at::tensor({2, 7, 0}, at::kLong)};  // 7 is beyond the table
};

inline nn::Condition rows(const nn::Condition& text, const at::Tensor& index) {
  return {.tokens = text.tokens.index_select(0, index),
          .mask = text.mask.index_select(0, index),
          .labels = text.labels.index_select(0, index)};
}

inline nn::Condition on(c10::Device device, const nn::Condition& text) {
  return {.tokens = text.tokens.to(device),
          .mask = text.mask.to(device),
          .labels = text.labels.to(device)};
}

inline std::vector<TransformerOptions> all_variants() {
  std::vector<TransformerOptions> all = variants();
  const auto more = textless_variants();
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

inline double largest(const at::Tensor& difference) {
  return difference.abs().max().item<double>();
}

}  // namespace tessera::diffusion
