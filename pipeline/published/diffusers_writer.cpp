#include "pipeline/published/diffusers_writer.h"

#include <ATen/ATen.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "io/json_fields.h"
#include "pipeline/published/clip_text_names.h"
#include "pipeline/published/codec.h"
#include "pipeline/published/codec_options.h"
#include "pipeline/published/denoiser_names.h"
#include "pipeline/published/diffusers_folder.h"

namespace tessera::pipeline {
namespace fs = std::filesystem;
namespace {

using io::Json;

constexpr const char* kVersion = "0.8.0";  // whose classes and keys these are
constexpr const char* kNullTensor = "embeddings";

/// {"_class_name": …, "_diffusers_version": …}, to which the keys of a class are added.
Json config_of_class(const char* name) {
  return {{"_class_name", name}, {"_diffusers_version", kVersion}};
}

Json transformer_config(const diffusion::TransformerOptions& o) {
  Json config = config_of_class("Transformer2DModel");
  config.update(Json{{"activation_fn", "geglu-approximate"},
                     {"attention_bias", true},
                     {"attention_head_dim", o.width / o.heads},
                     {"cross_attention_dim", o.condition_width},
                     {"dropout", 0.0},
                     {"in_channels", nullptr},
                     {"norm_num_groups", 32},
                     {"norm_type", "ada_norm"},  // not of 0.8, which passes over it
                     {"num_attention_heads", o.heads},
                     {"num_embeds_ada_norm", o.steps},
                     {"num_layers", o.layers},
                     {"num_vector_embeds", o.codes + 1},
                     {"sample_size", o.grid_width}});
  return config;
}

Json null_config(const diffusion::TransformerOptions& o) {
  Json config = config_of_class("LearnedClassifierFreeSamplingEmbeddings");
  config["hidden_size"] = o.learned_null ? Json(o.condition_width) : Json(nullptr);
  config["learnable"] = o.learned_null;
  config["length"] = o.learned_null ? Json(o.condition_length) : Json(nullptr);
  return config;
}

Json text_config(const text::ClipTextOptions& o, const char* type) {
  return {{"_name_or_path", "openai/clip-vit-base-patch32"},
          {"architectures", {"CLIPTextModel"}},
          {"attention_dropout", 0.0},
          {"bos_token_id", o.vocabulary - 2},
          {"dropout", 0.0},
          {"dtype", type},
          {"eos_token_id", o.vocabulary - 1},
          {"hidden_act", "quick_gelu"},
          {"hidden_size", o.width},
          {"initializer_factor", 1.0},
          {"initializer_range", 0.02},
          {"intermediate_size", o.mlp_width},
          {"layer_norm_eps", o.layer_norm_eps},
          {"max_position_embeddings", o.length},
          {"model_type", "clip_text_model"},
          {"num_attention_heads", o.heads},
          {"num_hidden_layers", o.layers},
          {"pad_token_id", 1},
          {"projection_dim", o.width},
          {"torch_dtype", type},
          {"vocab_size", o.vocabulary}};
}

Json scheduler_config(const diffusion::TransitionOptions& o, std::int64_t codes) {
  Json config = config_of_class("VQDiffusionScheduler");
  config.update(Json{{"alpha_cum_end", o.keep_end},
                     {"alpha_cum_start", o.keep_start},
                     {"gamma_cum_end", o.mask_end},
                     {"gamma_cum_start", o.mask_start},
                     {"num_train_timesteps", o.steps},
                     {"num_vec_classes", codes + 1}});
  return config;
}

Json model_index() {
  Json index = config_of_class("VQDiffusionPipeline");
  const auto add = [&](const char* part, const char* library, const char* name) {
    index[part] = {library, name};
  };
  add(kNullPart, "vq_diffusion", "LearnedClassifierFreeSamplingEmbeddings");
  add(kSchedulerPart, "diffusers", "VQDiffusionScheduler");
  add(kTextEncoderPart, "transformers", "CLIPTextModel");
  add(kTokenizerPart, "transformers", "CLIPTokenizer");
  add(kTransformerPart, "diffusers", "Transformer2DModel");
  add(kVqVaePart, "diffusers", "VQModel");
  return index;
}

class DiffusersWriter final : public ModelWriter {
 public:
  DiffusersWriter(fs::path folder, at::ScalarType type) : folder_(std::move(folder)), type_(type) {}

  void check(const diffusion::TransformerOptions& options) const override {
    diffusers_denoiser_names(options);
  }

  void denoiser(const diffusion::TransformerOptions& options, io::StateDict ours) override {
    io::StateDict published = to_published(ours, diffusers_denoiser_names(options));
    ours = {};
    io::StateDict null;
    // A module without embeddings has an empty parameter.
    null.tensors[kNullTensor] = at::empty({0});
    if (auto learned = published.tensors.extract(kNullTensor)) {
      null.tensors[kNullTensor] = learned.mapped();
    }
    write(kTransformerPart, transformer_config(options), published, kModelFile);
    write(kNullPart, null_config(options), null, kModelFile);
    codes_ = options.codes;
  }

  void codec(vqvae::VqVaeImpl& codec) override {
    const DiffusersCodec published = to_diffusers_codec(codec);
    write(kVqVaePart, diffusers_codec_config(published.options), published.weights, kModelFile);
  }

  void text_encoder(const text::ClipTextOptions& options, const io::StateDict& ours) override {
    TESSERA_CHECK(options.normalise,
                  kInvalidArgument,
                  "the diffusers layout holds text encoders with normalise alone");
    const char* type = type_ == at::kFloat  ? "float32"
                       : type_ == at::kHalf ? "float16"
                                            : "bfloat16";
    write(kTextEncoderPart,
          text_config(options, type),
          to_published(ours, clip_text_names(options, ClipTextNaming::kHuggingFace)),
          "model.safetensors");
  }

  void chain(const diffusion::TransitionOptions& options) override {
    TESSERA_CHECK(options.kind == "mask-and-replace" && options.schedule == "alpha1",
                  kInvalidArgument,
                  "the diffusers layout holds the chain mask-and-replace with the schedule alpha1 "
                  "alone; this one is ",
                  options.kind,
                  ", ",
                  options.schedule);
    io::write_json(part(kSchedulerPart) / "scheduler_config.json",
                   scheduler_config(options, codes_));
  }

  void tokenizer(const TokenizerFiles& files) override {
    const fs::path to = part(kTokenizerPart);
    for (const auto& [name, bytes] : files) write_file_atomically(to / name, bytes);
  }

  void card(ModelCard /*card*/) override {
    io::write_json(folder_ / "model_index.json", model_index());
  }

 private:
  static constexpr const char* kModelFile = "diffusion_pytorch_model.safetensors";

  fs::path part(const char* name) {
    fs::create_directories(folder_ / name);
    return folder_ / name;
  }

  void write(const char* name,
             const Json& config,
             const io::StateDict& published,
             const char* file) {
    const fs::path to = part(name);
    io::write_json(to / "config.json", config);
    io::StateDict stored = io::cast(published, type_);
    stored.metadata = {{"format", "pt"}};  // the readers of other programs ask for it
    io::write_safetensors(to / file, stored);
  }

  fs::path folder_;
  at::ScalarType type_;
  std::int64_t codes_ = 0;
};

}  // namespace

std::unique_ptr<ModelWriter> make_diffusers_writer(const fs::path& folder, at::ScalarType type) {
  return std::make_unique<DiffusersWriter>(folder, type);
}

}  // namespace tessera::pipeline
