#include "train/config.h"

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace tessera::train {
namespace {

using Overrides = std::map<std::string, std::string>;

const std::string kVqVae = R"({"stage": "vqvae"})";
const std::string kDiffusion =
    R"({"stage": "diffusion", "model": {"vqvae": "runs/codec", "tokenizer": "tok"}})";

const std::string kDdpm =
    R"({"stage": "ddpm", "model": {"vqvae": "runs/codec", "tokenizer": "tok"}})";

struct Mistake {
  std::string base;
  std::string key;
  std::string value;
  std::string message;
};

TEST(Config, EveryMistakeNamesItsKey) {
  const std::vector<Mistake> mistakes = {
      {kVqVae, "stage", "gan", "\"ddpm\" or \"clip\", got \"gan\""},
      {kVqVae, "stge", "1", "stge is not a known key"},
      {kVqVae, "seed", "-1", "config.seed must be a whole number, 0 or more, got -1"},
      {kVqVae, "train", "5", "train must be an object"},
      {kVqVae, "train.batch", "0", "train.batch must be at least 1, got 0"},
      {kVqVae, "train.batch", "1.5", "train.batch must be a whole number, got 1.5"},
      {kVqVae, "train.btach", "8", "train.btach is not a known key"},
      {kVqVae, "train.steps", "0", "train.steps must be at least 1, got 0"},
      {kVqVae, "train.learning_rate", "0", "train.learning_rate must be above 0, got 0"},
      {kVqVae, "train.learning_rate", "fast", "train.learning_rate must be a number"},
      {kVqVae, "train.warmup", "-1", "train.warmup must be at least 0, got -1"},
      {kVqVae, "train.schedule", "stairs", "train.schedule must be one of constant, cosine"},
      {kVqVae, "train.final_share", "2", "train.final_share must lie in [0, 1], got 2"},
      {kVqVae, "train.decay_share", "-1", "train.decay_share must lie in [0, 1]"},
      {kVqVae, "train.optimizer", "sgd", "train.optimizer must be one of adamw, muon"},
      {kVqVae, "train.beta1", "1", "train.beta1 must lie in"},
      {kVqVae, "train.beta2", "1", "train.beta2 must lie in"},
      {kVqVae, "train.weight_decay", "-1", "train.weight_decay must lie in"},
      {kVqVae, "train.clip", "-1", "train.clip must lie in"},
      {kVqVae, "train.ema", "1", "train.ema must lie in"},
      {kVqVae, "train.precision", "fp8", "train.precision must be one of fp32, bf16"},
      {kVqVae, "train.log_every", "0", "train.log_every must be at least 1"},
      {kVqVae, "train.checkpoint_every", "-1", "train.checkpoint_every must be at least 0"},
      {kVqVae, "train.keep_checkpoints", "0", "train.keep_checkpoints must be at least 1"},
      {kVqVae, "train.prefetch", "65", "train.prefetch must lie in [0, 64], got 65"},
      {kVqVae, "train.time_budget_minutes", "-1", "train.time_budget_minutes must lie in"},
      {kVqVae, "data.kind", "video", "data.kind must be one of scenes, packed"},
      {kVqVae, "data.kind", "packed", "data.path must name the folder"},
      {kVqVae, "data.pool", "-1", "data.pool must be at least 0"},
      {kVqVae, "data.nouns", R"(["unicorn"])", "data."},
      {kVqVae, "data.kinds", R"(["opera"])", "data."},
      {kVqVae, "data.resolution", "128", "model.resolution is 64 but data.resolution is 128"},
      {kVqVae, "model.codebook_size", "1", "model.codebook_size"},
      {kVqVae, "model.full_codebook_size", "4096", "model.full_codebook_size must be 0"},
      {kVqVae, "model.transformer", "{}", "model.transformer is not a known key"},
      {kVqVae, "objective.l1", "-1", "objective.l1"},
      {kVqVae,
       "objective.autoencoder_steps",
       "-1",
       "objective.autoencoder_steps must be at least 0"},
      {kVqVae, "objective.parts", "encoder", "objective.parts must be all or decoder"},
      {kVqVae, "objective.parts", "decoder", "which needs a trained codec: train.start_from"},
      {kVqVae, "objective.revive_share", "2", "objective.revive_share must lie in [0, 1]"},
      {kVqVae, "objective.features", "-1", "objective.adversarial, features and"},
      {kVqVae, "data.draw", "gpu", "data.draw must be one of device, cpu"},
      {kVqVae, "data.textures", "1.5", "data.textures must lie in [0, 1]"},
      {kDiffusion, "data.textures", "0.5", "data.textures is of stage vqvae"},
      {kDiffusion, "model.resident", "true", "model.resident needs data.pool"},
      {kVqVae, "sampling.steps", "8", "sampling is not a known key"},
      {kDiffusion, "model.vqvae", "\"\"", "model.vqvae must name a trained codec"},
      {kDiffusion, "model.tokenizer", "\"\"", "model.tokenizer must name a folder"},
      {kDiffusion, "model.width", "9", "model.width is not a known key"},
      {kDiffusion, "model.transformer", "9", "model.transformer must be an object"},
      {kDiffusion,
       "model.transformer.width",
       "wide",
       "model.transformer.width must be a whole number"},
      {kDiffusion, "model.transformer.heads", "5", "model.transformer.width"},
      {kDiffusion, "model.text_encoder.width", "0", "model.text_encoder.width"},
      {kDiffusion, "model.transition.steps", "0", "model.transition.steps"},
      {kDiffusion, "objective.kind", "gan", "objective.kind must be one of vb, masked-ce"},
      {kDiffusion, "objective.time_sampler", "x", "objective.time_sampler must be one of uniform"},
      {kDiffusion,
       "objective.caption_dropout",
       "1.5",
       "objective.caption_dropout must lie in [0, 1]"},
      {kDiffusion,
       "objective.auxiliary_weight",
       "-1",
       "objective.auxiliary_weight must be at least 0"},
      {kDiffusion, "sampling.sampler", "euler", "sampling.sampler"},
      {kDiffusion, "sampling.steps", "-2", "sampling.steps"},
      {kDiffusion, "sampling.truncation", "top", "sampling.truncation"},
      {kDiffusion, "sampling.path", "gaussian", "sampling.path must be discrete"},
      {kDdpm, "model.vqvae", "", "model.vqvae must name a trained codec"},
      {kDdpm, "model.tokenizer", "", "model.tokenizer must name a folder"},
      {kDdpm, "model.chain.space", "pixel", "model.vqvae must be empty"},
      {kDdpm, "model.chain.prediction", "future", "model.chain."},
      {kDdpm, "model.chain.kind", "round", "model.chain."},
      {kDdpm, "model.chain.steps", "0", "model.chain.steps must be in 1..100000, got 0"},
      {kDdpm, "model.transformer", "{}", "model.transformer is not a known key"},
      {kDdpm, "model.unet.norm_groups", "7", "model.unet.norm_groups is 7"},
      {kDdpm, "model.unet.condition", "class", "model.unet.condition must be text"},
      {kDdpm, "model.text_encoder.width", "0", "model.text_encoder.width"},
      {kDdpm, "objective.time_sampler", "sometimes", "time_sampler must be one of uniform"},
      {kDdpm, "objective.objective", "gan", "objective."},
      {kDdpm, "objective.caption_dropout", "2", "objective.caption_dropout must lie in [0, 1]"},
      {kDdpm, "sampling.sampler", "confidence", "sampling.sampler"},
      {kDdpm, "sampling.truncation", "\"0.9\"", "sampling.truncation is of stage diffusion"},
      {kDdpm, "model.chain.variance", "range", "objective.objective is simple, which"},
      {kDdpm, "objective.objective", "hybrid", "objective.objective is hybrid, which"},
      {kDdpm, "sampling.eta", "2", "sampling.sampler"},
      {kDdpm, "sampling.path", "discrete", "sampling.path must be gaussian"},
  };
  for (const Mistake& m : mistakes) {
    SCOPED_TRACE(m.key + " = " + m.value);
    test::expect_error(ErrorCode::kInvalidArgument, m.message, [&] {
      parse_config(m.base, "config.json", Overrides{{m.key, m.value}});
    });
  }
}

TEST(Config, TextThatIsNoJsonNamesTheFile) {
  test::expect_error(ErrorCode::kCorruptFile, "my.json", [] { parse_config("{", "my.json"); });
  test::expect_error(ErrorCode::kInvalidArgument, "my.json", [] { parse_config("[]", "my.json"); });
  test::expect_error(ErrorCode::kInvalidArgument, "stage", [] { parse_config("{}", "my.json"); });
}

TEST(Config, OverridesAreJsonOrBareText) {
  const Config config = parse_config(kVqVae,
                                     "x",
                                     {{"train.steps", "200"},
                                      {"train.learning_rate", "3e-4"},
                                      {"train.precision", "bf16"},
                                      {"model.channel_multipliers", "[1, 3]"},
                                      {"name", "my codec"}});
  EXPECT_EQ(config.train.steps, 200);
  EXPECT_DOUBLE_EQ(config.train.learning_rate, 3e-4);
  EXPECT_EQ(config.train.precision, "bf16");
  EXPECT_EQ(config.vqvae.channel_multipliers, (std::vector<std::int64_t>{1, 3}));
  EXPECT_EQ(config.name, "my codec");
  test::expect_error(ErrorCode::kInvalidArgument, "stage is a value, not a section", [] {
    parse_config(kVqVae, "x", {{"stage.part", "1"}});
  });
}

TEST(Config, WrittenOutItReadsBackTheSame) {
  for (const std::string& base : {kVqVae, kDiffusion, kDdpm}) {
    const Config config =
        parse_config(base, "x", {{"seed", "7"}, {"train.beta2", "0.96"}, {"data.pool", "50"}});
    const std::string text = config_text(config);
    EXPECT_EQ(config_text(parse_config(text, "again")), text);
    EXPECT_NE(text.find("\"beta2\": 0.96"), std::string::npos);
  }
}

}  // namespace
}  // namespace tessera::train
