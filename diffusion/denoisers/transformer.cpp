#include "diffusion/denoisers/transformer.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <torch/nn.h>

#include "core/error.h"
#include "core/listed.h"
#include "diffusion/denoisers/packed_blocks.h"
#include "diffusion/denoisers/timed_norms.h"
#include "diffusion/denoisers/transformer_block.h"
#include "nn/embedding.h"
#include "nn/linear.h"
#include "nn/recording.h"
#include "nn/time_embedding.h"

namespace tessera::diffusion {
namespace {

/// What one picture's run through the blocks needs beside the codes.
struct Context {
  std::vector<BlockNorms> norms{};          // one a block
  std::vector<BlockCondition> condition{};  // one a block
  at::Tensor mask{};
  std::int64_t copies = 1;  // prompts of a canvas
};

class Transformer final : public DiscreteDenoiser {
 public:
  explicit Transformer(const TransformerOptions& options);
  at::Tensor forward(const at::Tensor& x_t,
                     const at::Tensor& t,
                     const nn::Condition& condition) override;
  std::unique_ptr<PreparedDenoiser> make_prepared() override;
  void answer_in(nn::Precision precision) override { precision_ = precision; }
  nn::Condition null_condition(std::int64_t batch) override;

  const TransformerOptions& options() const { return options_; }
  at::Tensor pool(const nn::Condition& condition);
  std::vector<BlockNorms> norms(const at::Tensor& t, const at::Tensor& pooled);
  std::vector<BlockCondition> read(const nn::Condition& condition);
  /// Rows of a condition, 0 where none is listened to.
  std::int64_t prompts(const nn::Condition& condition) const;
  /// What answer_in() asked for, where it is not done yet.
  void pack();
  at::TensorOptions tensor_options() const { return code_->weight.options(); }
  at::Tensor predict(const at::Tensor& x_t, const Context& context);

 private:
  std::vector<TransformerBlockImpl*> blocks() const;
  at::Tensor embed(const at::Tensor& x_t);

  TransformerOptions options_;
  nn::Embedding code_{nullptr};
  nn::Embedding row_{nullptr};
  nn::Embedding column_{nullptr};
  nn::Linear pooled_{nullptr};           // text width -> D; empty without pooled_text
  torch::nn::Sequential time_{nullptr};  // MLP of the sinusoids; empty with tables
  torch::nn::ModuleList blocks_{nullptr};
  torch::nn::LayerNorm norm_{nullptr};
  nn::Linear head_{nullptr};
  at::Tensor null_;  // [L, C]; undefined without one
  std::optional<nn::Precision> precision_{};
  std::unique_ptr<const PackedBlocks> packed_{};  // stands for the blocks where there is one
};

Transformer::Transformer(const TransformerOptions& o) : options_(o) {
  code_ = register_module("code", nn::Embedding(o.codes + 1, o.width));
  const bool fits = o.position_side == 0;
  row_ = register_module("row", nn::Embedding(fits ? o.grid_height : o.position_side, o.width));
  column_ =
      register_module("column", nn::Embedding(fits ? o.grid_width : o.position_side, o.width));
  if (o.pooled_text) {
    pooled_ = register_module("pooled", nn::Linear(o.condition_width, o.width));
  }
  if (o.time_embedding == "sinusoidal") {
    time_ = register_module(
        "time",
        torch::nn::Sequential(
            nn::Linear(o.width, o.width), torch::nn::SiLU(), nn::Linear(o.width, o.width)));
  }
  blocks_ = register_module("blocks", torch::nn::ModuleList());
  for (std::int64_t i = 0; i < o.layers; ++i) blocks_->push_back(TransformerBlock(o));
  norm_ = register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({o.width})));
  head_ = register_module("head", nn::Linear(o.width, o.codes));
  if (o.condition == "text" && o.learned_null) {
    null_ = register_parameter("null", at::zeros({o.condition_length, o.condition_width}));
  }
}

std::vector<TransformerBlockImpl*> Transformer::blocks() const {
  std::vector<TransformerBlockImpl*> result;
  for (const auto& block : *blocks_) result.push_back(block->as<TransformerBlockImpl>());
  return result;
}

/// [B, D]: the mean real text state, projected; undefined without pooled_text.
at::Tensor Transformer::pool(const nn::Condition& condition) {
  if (!pooled_) return {};
  if (!condition.mask.defined()) return pooled_(condition.tokens.mean(1));
  const at::Tensor weight = condition.mask.to(condition.tokens.scalar_type()).unsqueeze(-1);
  return pooled_((condition.tokens * weight).sum(1) / weight.sum(1));
}

/// t [M] in 1..T, pooled [M, D] or undefined -> the weights of every norm, M rows.
std::vector<BlockNorms> Transformer::norms(const at::Tensor& t, const at::Tensor& pooled) {
  const at::Tensor index = t - 1;
  TimeInput input{.index = index, .shared = pooled};
  if (time_) {
    constexpr double kRange = 4000.0;  // the sinusoids' positions, whatever T is
    const double scale = kRange / static_cast<double>(options_.steps);
    const at::Tensor vector = time_->forward(
        nn::sinusoidal_embedding(index * scale, options_.width).to(tensor_options()));
    input.shared = pooled.defined() ? vector + pooled : vector;
  }
  std::vector<BlockNorms> result;
  for (TransformerBlockImpl* block : blocks()) result.push_back(block->norms(input));
  return result;
}

std::vector<BlockCondition> Transformer::read(const nn::Condition& condition) {
  TESSERA_CHECK(
      options_.condition != "text" || (condition.tokens.defined() && condition.tokens.dim() == 3 &&
                                       condition.tokens.size(2) == options_.condition_width),
      kShapeMismatch,
      "the condition must be a text, [B, L, ",
      options_.condition_width,
      "]");
  TESSERA_CHECK(
      options_.condition != "class" || (condition.labels.defined() && condition.labels.dim() == 1),
      kShapeMismatch,
      "the condition must be classes, [B]");
  std::vector<BlockCondition> result;
  for (TransformerBlockImpl* block : blocks()) {
    result.push_back(block->read(condition));
    if (packed_) result.back() = packed_->pack(std::move(result.back()), condition.mask);
  }
  return result;
}

std::int64_t Transformer::prompts(const nn::Condition& condition) const {
  if (options_.condition == "none") return 0;
  return (options_.condition == "text" ? condition.tokens : condition.labels).size(0);
}

void Transformer::pack() {
  if (!precision_ || packed_ || !can_pack(options_, tensor_options().device())) return;
  const at::NoGradGuard no_grad;
  const std::int64_t rows = 2 * options_.grid_height * options_.grid_width;  // a guided picture
  packed_ = pack_blocks(options_, blocks(), *precision_, rows);
  // The last product decides between codes that are near each other, and is a small one.
  for (at::Tensor weight : head_->parameters()) weight.set_data(weight.to(at::kFloat));
}

/// [B, N] -> the states that the first block sees, [B, N, D], halves as float32.
at::Tensor Transformer::embed(const at::Tensor& x_t) {
  const std::int64_t positions = options_.grid_height * options_.grid_width;
  TESSERA_CHECK(x_t.dim() == 2 && x_t.size(1) == positions,
                kShapeMismatch,
                "x_t must be [B, ",
                positions,
                "], got ",
                x_t.sizes());
  const auto type = at::promote_types(code_->weight.scalar_type(), at::kFloat);
  const at::Tensor table =
      (row_->weight.to(type).unsqueeze(1) + column_->weight.to(type)).flatten(0, 1);
  return code_(x_t).to(type) + table.narrow(0, 0, positions);
}

/// A canvas comes to several prompts in guidance. They part where the first of them is heard: in
/// the first norm with pooled text, else behind the first self-attention.
at::Tensor Transformer::predict(const at::Tensor& x_t, const Context& context) {
  Stream stream{.residual = embed(x_t)};
  std::int64_t copies = context.copies;
  if (copies > 1 && context.norms.front().self.gain.size(0) > 1) {
    stream.residual = stream.residual.repeat({std::exchange(copies, 1), 1, 1});
  }
  if (packed_) {
    stream.residual =
        packed_->forward(stream.residual, context.norms, context.condition, context.mask, copies);
  } else {
    const auto all = blocks();
    for (std::size_t i = 0; i < all.size(); ++i) {
      stream = all[i]->attend(stream, context.norms[i]);
      if (copies > 1) {
        stream = {.residual = stream.residual.repeat({copies, 1, 1}),
                  .branch = stream.branch.repeat({std::exchange(copies, 1), 1, 1})};
      }
      stream = all[i]->answer(stream, context.norms[i], context.condition[i], context.mask);
    }
  }
  const auto last = nn::residual_norm(stream.residual, stream.branch, nn::weights_of(norm_));
  const at::Tensor logits = head_(last.output);
  return logits.to(at::promote_types(logits.scalar_type(), at::kFloat));
}

at::Tensor Transformer::forward(const at::Tensor& x_t,
                                const at::Tensor& t,
                                const nn::Condition& condition) {
  TESSERA_CHECK(!packed_,
                kInvalidArgument,
                "the weights were packed for drawing alone; load the model in fp32 for this");
  Context context{.condition = read(condition), .mask = nn::attention_mask(condition.mask)};
  context.norms = norms(t, pool(condition));
  return predict(x_t, context);
}

nn::Condition Transformer::null_condition(std::int64_t batch) {
  const auto integers = tensor_options().dtype(at::kLong);
  if (options_.condition == "class") {
    const std::int64_t label = options_.learned_null ? options_.classes - 1 : options_.classes;
    return {.labels = at::full({batch}, label, integers)};
  }
  if (!null_.defined()) return {};
  return {.tokens = null_.unsqueeze(0).expand({batch, -1, -1}),
          .mask = at::ones({batch, options_.condition_length}, null_.options().dtype(at::kBool))};
}

class PreparedTransformer final : public PreparedDenoiser {
 public:
  explicit PreparedTransformer(std::shared_ptr<Transformer> model) : model_(std::move(model)) {}
  ~PreparedTransformer() override { recorded_ = {}; }  // its tensors before their graph

  void prepare(const nn::Condition& condition) override {
    const at::NoGradGuard no_grad;
    condition_ = model_->read(condition);
    prompts_ = model_->prompts(condition);
    mask_ = nn::attention_mask(condition.mask);
    pooled_ = model_->pool(condition);
    prepare_norms();
  }

  void prepare(std::span<const std::int64_t> times) override {
    const at::NoGradGuard no_grad;
    for (const std::int64_t t : times) {
      TESSERA_CHECK(t >= 1 && t <= model_->options().steps,
                    kInvalidArgument,
                    "times are 1 to ",
                    model_->options().steps,
                    ", got ",
                    t);
    }
    times_.assign(times.begin(), times.end());
    prepare_norms();
  }

  at::Tensor step(const at::Tensor& x_t, std::int64_t row) override {
    const at::NoGradGuard no_grad;
    TESSERA_CHECK(!condition_.empty() && row >= 0 && row < std::ssize(times_),
                  kInvalidArgument,
                  "row ",
                  row,
                  " of ",
                  times_.size(),
                  " prepared times");
    return nn::can_record(x_t.device()) ? recorded_step(x_t, row)
                                        : predict(x_t, norms_.table().narrow(0, row, 1));
  }

 private:
  /// Waits until both halves are known: with pooled text a norm depends on time and prompt.
  void prepare_norms() {
    if (times_.empty() || condition_.empty()) return;
    const at::TensorOptions options = model_->tensor_options().dtype(at::kLong);
    const at::Tensor t = at::tensor(times_, options).repeat_interleave(rows());
    norms_ = TimedNorms(
        model_->norms(t, pooled_.defined() ? pooled_.repeat({std::ssize(times_), 1}) : pooled_),
        std::ssize(times_),
        rows());
    recorded_ = {};
  }

  /// Rows of a norm's weights a time: one a prompt, or one for all.
  std::int64_t rows() const { return pooled_.defined() ? pooled_.size(0) : 1; }

  at::Tensor predict(const at::Tensor& x_t, const at::Tensor& norms) const {
    return model_->predict(x_t,
                           {.norms = norms_.at(norms),
                            .condition = condition_,
                            .mask = mask_,
                            .copies = prompts_of(x_t)});
  }

  /// How many prompts each canvas is predicted for; 1 where the model listens to none.
  std::int64_t prompts_of(const at::Tensor& x_t) const {
    const std::int64_t canvases = std::max<std::int64_t>(x_t.size(0), 1);
    TESSERA_CHECK(prompts_ % canvases == 0,
                  kShapeMismatch,
                  prompts_,
                  " prompts were prepared, which is no multiple of ",
                  canvases,
                  " canvases");
    return std::max<std::int64_t>(prompts_ / canvases, 1);
  }

  /// The first step of a plan is done kernel by kernel, the second is recorded, and from then on a
  /// step is a canvas and a row copied into what was recorded, and one launch.
  at::Tensor recorded_step(const at::Tensor& x_t, std::int64_t row) {
    Recorded& r = recorded_;
    if (!r.canvas.defined() || r.canvas.sizes() != x_t.sizes()) {
      r = {.canvas = x_t.clone(), .row = at::full({1}, row, x_t.options())};
    } else {
      r.canvas.copy_(x_t);
      r.row.fill_(row);
      if (!std::exchange(r.tried, true)) {
        r.recording = nn::record(x_t.device(), [&] { r.logits = from(r); });
      }
    }
    if (r.recording) {
      r.recording->replay();
    } else {
      r.logits = from(r);
    }
    return r.logits;
  }

  /// A step as it is recorded: nothing in it depends on the host.
  struct Recorded {
    at::Tensor canvas{};
    at::Tensor row{};  // [1] int64
    at::Tensor logits{};
    bool tried = false;
    std::unique_ptr<nn::Recording> recording{};
  };
  at::Tensor from(const Recorded& r) const {
    return predict(r.canvas, norms_.table().index_select(0, r.row));
  }

  std::shared_ptr<Transformer> model_;
  std::vector<std::int64_t> times_;
  std::vector<BlockCondition> condition_;
  std::int64_t prompts_ = 0;  // 0 where the model listens to none
  at::Tensor mask_;
  at::Tensor pooled_;
  TimedNorms norms_;  // a row of weights a time and prompt
  Recorded recorded_;
};

std::unique_ptr<PreparedDenoiser> Transformer::make_prepared() {
  pack();
  return std::make_unique<PreparedTransformer>(
      std::static_pointer_cast<Transformer>(shared_from_this()));
}

}  // namespace

void TransformerOptions::validate() const {
  const auto positive = [](const char* name, std::int64_t value) {
    TESSERA_CHECK(value > 0, kInvalidArgument, name, " must be positive, got ", value);
  };
  positive("grid_height", grid_height);
  positive("grid_width", grid_width);
  positive("layers", layers);
  positive("heads", heads);
  positive("mlp_ratio", mlp_ratio);
  positive("classes", classes);
  positive("condition_width", condition_width);
  positive("condition_length", condition_length);
  positive("steps", steps);
  TESSERA_CHECK(position_side >= 0,
                kInvalidArgument,
                "position_side must not be negative, got ",
                position_side);
  TESSERA_CHECK(codes > 1, kInvalidArgument, "codes must be at least 2, got ", codes);
  TESSERA_CHECK(width > 0 && width % heads == 0,
                kInvalidArgument,
                "width must be a positive multiple of heads (",
                heads,
                "), got ",
                width);
  check_one_of("time_embedding", time_embedding, {"table", "sinusoidal"});
  check_one_of("condition", condition, {"text", "class", "none"});
  check_one_of("mlp", mlp, {"linear", "convolution"});
  TESSERA_CHECK(position_side == 0 || position_side * position_side >= grid_height * grid_width,
                kInvalidArgument,
                "position tables of side ",
                position_side,
                " do not hold a grid of ",
                grid_height,
                "x",
                grid_width);
  TESSERA_CHECK(condition == "text" || !pooled_text,
                kInvalidArgument,
                "pooled_text needs a text; condition is ",
                condition);
  TESSERA_CHECK(condition != "class" || !mlp_adaln,
                kInvalidArgument,
                "mlp_adaln must be off with classes: they have an AdaLN of their own there");
  TESSERA_CHECK(time_embedding == "table" || (width >= 4 && width % 2 == 0),
                kInvalidArgument,
                "a sinusoidal time_embedding needs an even width of at least 4, got ",
                width);
}

std::shared_ptr<DiscreteDenoiser> make_transformer(const TransformerOptions& options) {
  options.validate();
  return std::make_shared<Transformer>(options);
}

}  // namespace tessera::diffusion
