#include "train/config.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.h"
#include "core/listed.h"
#include "diffusion/discrete/sampler.h"
#include "diffusion/gaussian/sampler.h"
#include "eval/clip/clip_config.h"
#include "io/json_fields.h"
#include "pipeline/model_card.h"
#include "text/tokenizer.h"

namespace tessera::train {
namespace {

using io::Json;

/// Sections of a file, or sub-sections of "model", that are objects of their own.
void check_keys(const Json& json, const std::string& where, const std::vector<std::string>& known) {
  for (const auto& item : json.items()) {
    TESSERA_CHECK(std::find(known.begin(), known.end(), item.key()) != known.end(),
                  kInvalidArgument,
                  where,
                  item.key(),
                  " is not a known key; known: ",
                  listed(known));
  }
}

/// The object under `key`, or an empty one.
Json section(const Json& json, const char* key, const std::string& where = "") {
  const auto found = json.find(key);
  if (found == json.end()) return Json::object();
  TESSERA_CHECK(found->is_object(), kInvalidArgument, where, key, " must be an object { … }");
  return *found;
}

/// validate() of a room names its bare field; here the user needs the whole key.
template <typename Options>
void check(const Options& options, const std::string& where) {
  try {
    options.validate();
  } catch (const Error& error) {
    TESSERA_THROW(kInvalidArgument, where, error.what());
  }
}

void apply_override(Json& json, const std::string& key, const std::string& text) {
  Json* place = &json;
  std::size_t begin = 0;
  for (std::size_t dot = key.find('.'); dot != std::string::npos; dot = key.find('.', begin)) {
    place = &(*place)[key.substr(begin, dot - begin)];
    TESSERA_CHECK(place->is_null() || place->is_object(),
                  kInvalidArgument,
                  key.substr(0, dot),
                  " is a value, not a section; it cannot hold ",
                  key);
    begin = dot + 1;
  }
  const Json value = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  (*place)[key.substr(begin)] = value.is_discarded() ? Json(text) : value;
}

/// stage, name, description, seed.
struct Heading {
  std::string stage{}, name{}, description{};
  std::uint64_t seed = 0;
};

template <typename Visitor>
void visit_fields(Visitor& v, Heading& o) {
  v("stage", o.stage, "vqvae, diffusion, ddpm or clip");
  v("name", o.name, "of the model, for its card");
  v("description", o.description, "of the model, for its card");
  v("seed", o.seed, "of weights, order and noise");
}

void read_vqvae(const Json& json, Config& config) {
  io::from_json_fields(section(json, "model"), config.vqvae, "model");
  io::from_json_fields(section(json, "objective"), config.vqvae_objective, "objective");
  check(config.vqvae, "model.");
  config.vqvae_objective.validate();
  TESSERA_CHECK(config.vqvae_objective.parts == "all" || !config.train.start_from.empty(),
                kInvalidArgument,
                "objective.parts is \"",
                config.vqvae_objective.parts,
                "\", which needs a trained codec: train.start_from");
  TESSERA_CHECK(config.vqvae.full_codebook_size == 0,
                kInvalidArgument,
                "model.full_codebook_size must be 0: training uses all codes; got ",
                config.vqvae.full_codebook_size);
  TESSERA_CHECK(
      config.data.kind != "scenes" || config.vqvae.resolution == config.data.scenes.resolution,
      kInvalidArgument,
      "model.resolution is ",
      config.vqvae.resolution,
      " but data.resolution is ",
      config.data.scenes.resolution);
}

void check_sampling_sizes(const SampleOptions& o, std::int64_t chain_steps) {
  TESSERA_CHECK(o.steps >= 0 && o.steps <= chain_steps,
                kInvalidArgument,
                "sampling.steps must lie in 0…",
                chain_steps,
                " (0 = the default), got ",
                o.steps);
  TESSERA_CHECK(std::isfinite(o.guidance) && o.guidance <= 100,
                kInvalidArgument,
                "sampling.guidance must be at most 100, got ",
                o.guidance);
}

void check_path(const SampleOptions& o, const std::string& path) {
  TESSERA_CHECK(o.path.empty() || o.path == path,
                kInvalidArgument,
                "sampling.path must be ",
                path,
                " in this stage, got \"",
                o.path,
                "\"");
}

void check_sampling(const SampleOptions& o, std::int64_t chain_steps) {
  check_sampling_sizes(o, chain_steps);
  check_path(o, pipeline::kDiscretePath);
  try {
    diffusion::make_discrete_sampler(o.sampler.empty() ? "ancestral" : o.sampler, o.tuning);
  } catch (const Error& error) {
    TESSERA_THROW(kInvalidArgument, "sampling.sampler: ", error.what());
  }
  try {
    diffusion::parse_truncation(o.truncation);
  } catch (const Error& error) {
    TESSERA_THROW(kInvalidArgument, "sampling.truncation: ", error.what());
  }
}

void read_diffusion(const Json& json, Config& config) {
  Json model = section(json, "model");
  check_keys(model,
             "model.",
             {"vqvae",
              "tokenizer",
              "code_cache",
              "resident",
              "transformer",
              "text_encoder",
              "transition"});
  const auto part = [&model](const char* key, auto& options) {
    io::from_json_fields(section(model, key, "model."), options, std::string("model.") + key);
    model.erase(key);
  };
  DiscreteModel& o = config.diffusion;
  part("transformer", o.transformer);
  part("text_encoder", o.text_encoder);
  part("transition", o.transition);
  io::from_json_fields(model, o, "model");
  io::from_json_fields(section(json, "objective"), config.diffusion_objective, "objective");
  io::from_json_fields(section(json, "sampling"), config.sampling, "sampling");
  o.validate();
  TESSERA_CHECK(!o.resident || (config.data.pool > 0 && o.code_cache.empty()),
                kInvalidArgument,
                "model.resident needs data.pool, the number of samples to keep, and no "
                "model.code_cache");
  config.diffusion_objective.validate();
  check(o.transition, "model.transition.");
  // The tokenizer and the codec give their own sizes later; what is written here can be judged now.
  text::TextEncoderOptions text_encoder = o.text_encoder;
  text_encoder.vocabulary = text::kEnd + 2;
  check(text_encoder, "model.text_encoder.");
  check(o.transformer, "model.transformer.");
  check_sampling(config.sampling, o.transition.steps);
}

void read_clip(const Json& json, Config& config) {
  Json model = section(json, "model");
  const auto take = [&model](const char* key, std::string& value) {
    const auto found = model.find(key);
    if (found == model.end()) return;
    TESSERA_CHECK(found->is_string(), kInvalidArgument, "model.", key, " must be a string");
    value = found->get<std::string>();
    model.erase(key);
  };
  take("tokenizer", config.clip.tokenizer);
  take("weights", config.clip.weights);
  config.clip.clip = eval::clip_options_from(model, "model");
  io::from_json_fields(section(json, "objective"), config.clip_objective, "objective");
  config.clip.validate();
  config.clip_objective.validate();
  const std::int64_t side = config.clip.clip.vision.resolution;
  TESSERA_CHECK(config.data.kind != "scenes" || side == config.data.scenes.resolution,
                kInvalidArgument,
                "model.vision.resolution is ",
                side,
                " but data.resolution is ",
                config.data.scenes.resolution);
}

void check_gaussian_sampling(const SampleOptions& o, const GaussianModel& model) {
  check_sampling_sizes(o, model.chain.schedule.steps);
  check_path(o, pipeline::kGaussianPath);
  TESSERA_CHECK(o.truncation.empty() || o.truncation == "1",
                kInvalidArgument,
                "sampling.truncation is of stage diffusion; it must be 1, got \"",
                o.truncation,
                "\"");
  diffusion::GaussianSamplerOptions told;
  if (o.tuning.eta >= 0) told.eta = o.tuning.eta;
  try {
    diffusion::make_gaussian_sampler(
        o.sampler.empty() ? "ddim" : o.sampler, told, model.chain.kind().variance);
  } catch (const Error& error) {
    TESSERA_THROW(kInvalidArgument, "sampling.sampler: ", error.what());
  }
}

/// A squared error teaches no variance, and hybrid is there to teach one.
void check_learned_variance(const GaussianModel& model, const std::string& objective) {
  const bool learned = diffusion::is_learned(model.chain.kind().variance);
  TESSERA_CHECK(objective == "bound" || learned == (objective == "hybrid"),
                kInvalidArgument,
                "objective.objective is ",
                objective,
                ", which does not go with model.chain.variance ",
                model.chain.variance,
                "; a learned variance (diagonal, range) needs hybrid or bound");
}

void read_ddpm(const Json& json, Config& config) {
  Json model = section(json, "model");
  check_keys(
      model,
      "model.",
      {"vqvae", "tokenizer", "latent_cache", "text_encoder_from", "unet", "text_encoder", "chain"});
  const auto part = [&model](const char* key, auto& options) {
    io::from_json_fields(section(model, key, "model."), options, std::string("model.") + key);
    model.erase(key);
  };
  GaussianModel& o = config.ddpm;
  part("unet", o.unet);
  part("text_encoder", o.text_encoder);
  part("chain", o.chain);
  io::from_json_fields(model, o, "model");
  io::from_json_fields(section(json, "objective"), config.ddpm_objective, "objective");
  io::from_json_fields(section(json, "sampling"), config.sampling, "sampling");
  check(o.chain, "model.chain.");
  o.validate();
  config.ddpm_objective.validate();
  check_learned_variance(o, config.ddpm_objective.loss.objective);
  // The tokenizer, the codec and the pictures give their own sizes later; what is written here can
  // be judged now.
  if (o.reads_text()) {
    text::TextEncoderOptions text_encoder = o.text_encoder;
    text_encoder.vocabulary = text::kEnd + 2;
    check(text_encoder, "model.text_encoder.");
  }
  check(o.unet, "model.unet.");
  check_gaussian_sampling(config.sampling, o);
}

}  // namespace

Config parse_config(const std::string& text,
                    const std::string& what,
                    const std::map<std::string, std::string>& overrides) {
  Json json = io::parse_json(text, what);
  TESSERA_CHECK(json.is_object(), kInvalidArgument, what, " must be an object { … }");
  for (const auto& [key, value] : overrides) apply_override(json, key, value);

  Config config;
  const auto stage = json.find("stage");
  TESSERA_CHECK(
      stage != json.end() &&
          (*stage == "vqvae" || *stage == "diffusion" || *stage == "ddpm" || *stage == "clip"),
      kInvalidArgument,
      "stage must be \"vqvae\", \"diffusion\", \"ddpm\" or \"clip\", got ",
      stage == json.end() ? "nothing" : stage->dump(-1, ' ', true, Json::error_handler_t::replace));
  const bool diffusion = *stage == "diffusion";
  std::vector<std::string> sections = {"data", "model", "objective", "train"};
  const bool ddpm = *stage == "ddpm";
  if (diffusion || ddpm) sections.push_back("sampling");
  std::vector<std::string> known = {"stage", "name", "description", "seed"};
  known.insert(known.end(), sections.begin(), sections.end());
  check_keys(json, "", known);

  Json heading = json;
  for (const std::string& key : sections) heading.erase(key);
  Heading head;
  io::from_json_fields(heading, head, "config");
  config.stage = head.stage;
  config.name = head.name;
  config.description = head.description;
  config.seed = head.seed;
  io::from_json_fields(section(json, "data"), config.data, "data");
  io::from_json_fields(section(json, "train"), config.train, "train");
  config.data.validate();
  TESSERA_CHECK(config.data.textures == 0 || config.stage == "vqvae",
                kInvalidArgument,
                "data.textures is of stage vqvae: textures have no captions");
  if (config.data.kind == "scenes") check(config.data.scenes, "data.");
  config.train.validate();
  if (diffusion) {
    read_diffusion(json, config);
  } else if (ddpm) {
    read_ddpm(json, config);
  } else if (config.stage == "clip") {
    read_clip(json, config);
  } else {
    read_vqvae(json, config);
  }
  return config;
}

std::string config_text(const Config& config) {
  const bool diffusion = config.stage == "diffusion";
  Json json =
      io::to_json_fields(Heading{config.stage, config.name, config.description, config.seed});
  json["data"] = io::to_json_fields(config.data);
  if (diffusion) {
    Json model = io::to_json_fields(config.diffusion);
    model["transformer"] = io::to_json_fields(config.diffusion.transformer);
    model["text_encoder"] = io::to_json_fields(config.diffusion.text_encoder);
    model["transition"] = io::to_json_fields(config.diffusion.transition);
    json["model"] = std::move(model);
    json["objective"] = io::to_json_fields(config.diffusion_objective);
    json["sampling"] = io::to_json_fields(config.sampling);
  } else if (config.stage == "ddpm") {
    Json model = io::to_json_fields(config.ddpm);
    model["unet"] = io::to_json_fields(config.ddpm.unet);
    model["text_encoder"] = io::to_json_fields(config.ddpm.text_encoder);
    model["chain"] = io::to_json_fields(config.ddpm.chain);
    json["model"] = std::move(model);
    json["objective"] = io::to_json_fields(config.ddpm_objective);
    json["sampling"] = io::to_json_fields(config.sampling);
  } else if (config.stage == "clip") {
    Json model{{"tokenizer", config.clip.tokenizer}, {"weights", config.clip.weights}};
    model.update(eval::clip_options_json(config.clip.clip));
    json["model"] = std::move(model);
    json["objective"] = io::to_json_fields(config.clip_objective);
  } else {
    json["model"] = io::to_json_fields(config.vqvae);
    json["objective"] = io::to_json_fields(config.vqvae_objective);
  }
  json["train"] = io::to_json_fields(config.train);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tessera::train
