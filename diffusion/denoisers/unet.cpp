#include "diffusion/denoisers/unet.h"

#include <optional>
#include <string>
#include <vector>

#include <torch/nn.h>

#include "core/error.h"
#include "diffusion/denoisers/time_sinusoids.h"
#include "diffusion/denoisers/unet_attention.h"
#include "diffusion/denoisers/unet_resample.h"
#include "diffusion/denoisers/unet_residual_block.h"
#include "nn/embedding.h"

namespace tessera::diffusion {
namespace {

/// What every block of one pass needs beside the maps.
struct Pass {
  at::Tensor time{};  // [B, time_channels] after its swish
  at::Tensor text{};  // [B, L, condition_width]; undefined without one
  at::Tensor mask{};  // from nn::attention_mask
  std::optional<DropoutKey> dropout{};
};

/// A residual block with the attention behind it, if there is one.
class StageImpl : public torch::nn::Module {
 public:
  StageImpl(const ResidualBlockShape& shape, bool attends, const UNetOptions& o) {
    block_ = register_module("block", UNetResidualBlock(shape, o));
    if (attends) attention_ = register_module("attention", UNetAttention(shape.outputs, o));
  }

  at::Tensor forward(const at::Tensor& x, const Pass& pass) {
    const at::Tensor h = block_(x, pass.time, pass.dropout);
    if (!attention_) return h;
    const auto known =
        pass.text.defined() ? attention_->read(pass.text) : std::vector<nn::KeysValues>{};
    return attention_(h, known, pass.mask);
  }

 private:
  UNetResidualBlock block_{nullptr};
  UNetAttention attention_{nullptr};
};
TORCH_MODULE(Stage);

/// GroupNorm, swish and the last convolution, which begins at zero.
class HeadImpl : public torch::nn::Module {
 public:
  HeadImpl(std::int64_t width, const UNetOptions& o) {
    norm_ = register_module("norm", unet_norm(width, o));
    out_ = register_module(
        "out",
        nn::Convolution(nn::ConvolutionImpl::Options{.inputs = width, .outputs = o.outputs()}));
  }
  at::Tensor forward(const at::Tensor& x) { return out_(at::silu(normalised(norm_, x))); }

 private:
  torch::nn::GroupNorm norm_{nullptr};
  nn::Convolution out_{nullptr};
};
TORCH_MODULE(Head);

/// One side of the U: its stages by level, and what lies between two levels.
struct Level {
  std::vector<Stage> stages{};
  UNetDown down{nullptr};  // at most one of these three
  UNetUp up{nullptr};
  UNetResidualBlock resample{nullptr};
};

class UNetModule final : public UNet {
 public:
  UNetModule(const UNetOptions& options, AnswerKind kind);
  at::Tensor forward(const at::Tensor& x_t,
                     const at::Tensor& t,
                     const nn::Condition& condition) override;
  nn::Condition null_condition(std::int64_t batch) override;
  GaussianPrediction prediction() const override { return kind_.prediction; }
  GaussianVariance variance() const override { return kind_.variance; }
  void key_dropout(const nn::Rng& rng, std::int64_t step) override {
    dropout_ = DropoutKey{.rng = rng, .step = step};
  }

 private:
  template <typename Module>
  Module add(const std::string& name, Module module) {
    return register_module(name, std::move(module));
  }
  void build_condition();
  void build_down(std::vector<std::int64_t>& kept);
  void build_up(std::vector<std::int64_t>& kept);
  ResidualBlockShape shape(std::int64_t inputs, std::int64_t outputs, BlockSampling sampling) {
    return {.inputs = inputs, .outputs = outputs, .sampling = sampling, .number = blocks_++};
  }
  void check_input(const at::Tensor& x_t, const nn::Condition& condition) const;
  at::Tensor pooled(const nn::Condition& condition);
  at::Tensor time_vector(const at::Tensor& t, const nn::Condition& condition);
  static at::Tensor between(Level& level, const at::Tensor& x, const Pass& pass);

  UNetOptions o_;
  AnswerKind kind_;
  std::int64_t blocks_ = 0;
  std::optional<DropoutKey> dropout_{};
  nn::Linear time_in_{nullptr};
  nn::Linear time_out_{nullptr};
  nn::Embedding table_{nullptr};  // of classes
  nn::Linear pooled_{nullptr};
  at::Tensor null_;  // [L, C]; undefined without one
  nn::Convolution embed_{nullptr};
  std::vector<Level> down_;
  Stage middle_{nullptr};
  UNetResidualBlock middle2_{nullptr};
  std::vector<Level> up_;  // the lowest level first
  Head head_{nullptr};
};

UNetModule::UNetModule(const UNetOptions& o, AnswerKind kind) : o_(o), kind_(kind) {
  o_.validate();
  TESSERA_CHECK(o.learned_variance == is_learned(kind.variance),
                kInvalidArgument,
                "learned_variance is ",
                o.learned_variance ? "true" : "false",
                ", which does not go with the variance ",
                to_string(kind.variance));
  time_in_ = add("time_in", nn::Linear(o.base_channels, o.time_channels()));
  time_out_ = add("time_mlp", nn::Linear(o.time_channels(), o.time_channels()));
  build_condition();
  embed_ = add("embed",
               nn::Convolution(
                   nn::ConvolutionImpl::Options{.inputs = o.channels, .outputs = o.base_channels}));
  std::vector<std::int64_t> kept{o.base_channels};  // channels of the maps that the way up will see
  build_down(kept);
  const std::int64_t lowest = o.level_channels(o.channel_multipliers.size() - 1);
  const auto same = BlockSampling::kSame;
  middle_ = add("middle", Stage(shape(lowest, lowest, same), true, o));
  middle2_ = add("middle2", UNetResidualBlock(shape(lowest, lowest, same), o));
  build_up(kept);
  head_ = add("head", Head(o.level_channels(0), o));
}

void UNetModule::build_condition() {
  if (o_.condition == "class") {
    table_ =
        add("table", nn::Embedding(o_.classes + (o_.learned_null ? 1 : 0), o_.time_channels()));
  }
  if (o_.pooled_text) pooled_ = add("pooled", nn::Linear(o_.condition_width, o_.time_channels()));
  if (o_.condition == "text" && o_.learned_null) {
    null_ = register_parameter("null", at::zeros({o_.condition_length, o_.condition_width}));
  }
}

void UNetModule::build_down(std::vector<std::int64_t>& kept) {
  const std::size_t levels = o_.channel_multipliers.size();
  for (std::size_t i = 0; i < levels; ++i) {
    const std::string name = "down" + std::to_string(i);
    const std::int64_t width = o_.level_channels(i);
    Level level;
    for (std::int64_t k = 0; k < o_.residual_blocks; ++k) {
      level.stages.push_back(
          add(name + "_" + std::to_string(k),
              Stage(shape(kept.back(), width, BlockSampling::kSame), o_.has_attention(i), o_)));
      kept.push_back(width);
    }
    if (i + 1 < levels) {
      if (o_.resample == "residual") {
        level.resample = add(name + "_resample",
                             UNetResidualBlock(shape(width, width, BlockSampling::kDown), o_));
      } else {
        level.down = add(name + "_resample", UNetDown(width, o_));
      }
      kept.push_back(width);
    }
    down_.push_back(std::move(level));
  }
}

void UNetModule::build_up(std::vector<std::int64_t>& kept) {
  std::int64_t below = kept.back();
  for (std::size_t i = o_.channel_multipliers.size(); i-- > 0;) {
    const std::string name = "up" + std::to_string(i);
    const std::int64_t width = o_.level_channels(i);
    Level level;
    for (std::int64_t k = 0; k <= o_.residual_blocks; ++k) {
      level.stages.push_back(add(
          name + "_" + std::to_string(k),
          Stage(shape(below + kept.back(), width, BlockSampling::kSame), o_.has_attention(i), o_)));
      kept.pop_back();
      below = width;
    }
    if (i > 0) {
      if (o_.resample == "residual") {
        level.resample =
            add(name + "_resample", UNetResidualBlock(shape(width, width, BlockSampling::kUp), o_));
      } else {
        level.up = add(name + "_resample", UNetUp(width, o_));
      }
    }
    up_.push_back(std::move(level));
  }
}

void UNetModule::check_input(const at::Tensor& x_t, const nn::Condition& condition) const {
  const std::int64_t multiple = std::int64_t{1} << (o_.channel_multipliers.size() - 1);
  TESSERA_CHECK(x_t.dim() == 4 && x_t.size(1) == o_.channels && x_t.size(2) % multiple == 0 &&
                    x_t.size(3) % multiple == 0,
                kShapeMismatch,
                "x_t must be [B, ",
                o_.channels,
                ", H, W] with sides that are multiples of ",
                multiple,
                ", got ",
                x_t.sizes());
  TESSERA_CHECK(
      o_.condition != "text" || (condition.tokens.defined() && condition.tokens.dim() == 3 &&
                                 condition.tokens.size(2) == o_.condition_width),
      kShapeMismatch,
      "the condition must be a text, [B, L, ",
      o_.condition_width,
      "]");
  TESSERA_CHECK(
      o_.condition != "class" || (condition.labels.defined() && condition.labels.dim() == 1),
      kShapeMismatch,
      "the condition must be classes, [B]");
}

/// [B, time_channels]: the mean real text state, projected.
at::Tensor UNetModule::pooled(const nn::Condition& condition) {
  if (!condition.mask.defined()) return pooled_(condition.tokens.mean(1));
  const at::Tensor weight = condition.mask.to(condition.tokens.scalar_type()).unsqueeze(-1);
  return pooled_((condition.tokens * weight).sum(1) / weight.sum(1));
}

at::Tensor UNetModule::time_vector(const at::Tensor& t, const nn::Condition& condition) {
  at::Tensor position = t - 1;
  if (o_.time_rescale) {
    position = position.to(at::kDouble) * (1000.0 / static_cast<double>(o_.steps));
  }
  const at::Tensor waves = time_sinusoids(position, o_.base_channels, o_.time_order)
                               .to(at::promote_types(time_in_->weight.scalar_type(), at::kFloat));
  at::Tensor vector = time_out_(at::silu(time_in_(waves)));
  if (table_) vector = vector + table_(condition.labels);
  if (pooled_) vector = vector + pooled(condition);
  return at::silu(vector);
}

at::Tensor UNetModule::between(Level& level, const at::Tensor& x, const Pass& pass) {
  if (level.resample) return level.resample(x, pass.time, pass.dropout);
  return level.down ? level.down(x) : level.up(x);
}

at::Tensor UNetModule::forward(const at::Tensor& x_t,
                               const at::Tensor& t,
                               const nn::Condition& condition) {
  check_input(x_t, condition);
  const Pass pass{.time = time_vector(t, condition),
                  .text = o_.condition == "text" ? condition.tokens : at::Tensor(),
                  .mask = nn::attention_mask(condition.mask),
                  .dropout = dropout_};
  const auto type = at::promote_types(embed_->weight.scalar_type(), at::kFloat);
  at::Tensor h = embed_(x_t.contiguous(at::MemoryFormat::ChannelsLast)).to(type);
  std::vector<at::Tensor> kept{h};
  for (std::size_t i = 0; i < down_.size(); ++i) {
    for (Stage& stage : down_[i].stages) kept.push_back(h = stage(h, pass));
    if (i + 1 < down_.size()) kept.push_back(h = between(down_[i], h, pass).to(type));
  }
  h = middle2_(middle_(h, pass), pass.time, pass.dropout);
  for (std::size_t i = 0; i < up_.size(); ++i) {
    for (Stage& stage : up_[i].stages) {
      h = stage(at::cat({h, kept.back()}, 1), pass);
      kept.pop_back();
    }
    if (i + 1 < up_.size()) h = between(up_[i], h, pass).to(type);
  }
  return head_(h).to(type).contiguous();
}

nn::Condition UNetModule::null_condition(std::int64_t batch) {
  if (o_.condition == "class" && o_.learned_null) {
    return {.labels = at::full({batch}, o_.classes, table_->weight.options().dtype(at::kLong))};
  }
  if (!null_.defined()) return {};
  return {.tokens = null_.unsqueeze(0).expand({batch, -1, -1}),
          .mask = at::ones({batch, o_.condition_length}, null_.options().dtype(at::kBool))};
}

}  // namespace

std::shared_ptr<UNet> make_unet(const UNetOptions& options, AnswerKind kind) {
  return std::make_shared<UNetModule>(options, kind);
}

}  // namespace tessera::diffusion
