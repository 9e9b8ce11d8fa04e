#include <utility>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/denoisers/transformer.h"
#include "io/json_fields.h"
#include "io/state_dict.h"
#include "pipeline/parts.h"
#include "vqvae/codebook_averages.h"

namespace tessera::pipeline {
namespace fs = std::filesystem;
namespace {

constexpr const char* kConfigFile = "config.json";
constexpr const char* kWeightsFile = "model.safetensors";
constexpr const char* kTableFile = "tokens.tsv";
/// Weights up to this size are compared with the card's hashes at every load.
constexpr std::uintmax_t kHashedAtLoad = std::uintmax_t{64} << 20;

/// Runs `load` for a part of a model; what its options or weights complain about is a damaged
/// model, so it is reported as such, with the part's folder in front.
template <typename Load>
auto in_part(const fs::path& part, Load load) {
  TESSERA_CHECK(
      fs::is_directory(part), kNotFound, part.string(), ": this part of the model is missing");
  try {
    return load();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kNotFound || error.code() == ErrorCode::kIo ||
        error.code() == ErrorCode::kUnavailable) {
      throw;
    }
    const std::string what = error.what();
    const bool named = what.find(part.string()) != std::string::npos;
    TESSERA_THROW(kCorruptFile, named ? "" : part.string() + ": ", what);
  } catch (const c10::Error& error) {
    TESSERA_THROW(kCorruptFile, part.string(), ": ", error.what_without_backtrace());
  }
}

template <typename Options>
Options read_options(const fs::path& part) {
  Options options;
  const fs::path file = part / kConfigFile;
  io::from_json_fields(io::read_json(file), options, file.string());
  options.validate();
  return options;
}

void load_weights(torch::nn::Module& module, const fs::path& part) {
  const fs::path file = part / kWeightsFile;
  io::load_strictly(module, io::read_state_dict(file), file.string());
}

}  // namespace

Parts load_parts(const fs::path& model, const ModelCard& card) {
  Parts parts;
  const auto folder = [&](const char* part) {
    TESSERA_CHECK(card.has_part(part),
                  kCorruptFile,
                  model.string(),
                  ": the model's card lists no \"",
                  part,
                  "\" part");
    return model / part;
  };

  const fs::path codec = folder(kVqVaePart);
  in_part(codec, [&] {
    const auto options = read_options<vqvae::VqVaeOptions>(codec);
    parts.codec = std::make_shared<vqvae::VqVaeImpl>(options);
    io::StateDict weights = io::read_state_dict(codec / kWeightsFile);
    vqvae::restore_codebook_averages(weights.tensors, options);
    io::load_strictly(*parts.codec, weights, (codec / kWeightsFile).string());
    parts.codec->check_used_codes();
  });
  if (!card.has_part(kTransformerPart)) return parts;

  const fs::path tokenizer = folder(kTokenizerPart);
  in_part(tokenizer, [&] { parts.tokenizer = text::load_table_tokenizer(tokenizer / kTableFile); });

  text::TextEncoderOptions reads;
  const fs::path encoder = folder(kTextEncoderPart);
  in_part(encoder, [&] {
    reads = read_options<text::TextEncoderOptions>(encoder);
    TESSERA_CHECK(reads.vocabulary == parts.tokenizer->vocabulary_size(),
                  kShapeMismatch,
                  "made for ",
                  reads.vocabulary,
                  " pieces, the tokenizer has ",
                  parts.tokenizer->vocabulary_size());
    parts.text_encoder = text::make_text_encoder(reads);
    load_weights(*parts.text_encoder, encoder);
    parts.text_length = reads.length;
  });

  const fs::path chain = folder(kSchedulerPart);
  const fs::path transformer = folder(kTransformerPart);
  in_part(transformer, [&] {
    const auto options = read_options<diffusion::TransformerOptions>(transformer);
    const vqvae::VqVaeOptions& codes = parts.codec->options();
    TESSERA_CHECK(options.codes == codes.codebook_size && options.grid_height == codes.grid() &&
                      options.grid_width == codes.grid(),
                  kShapeMismatch,
                  "made for ",
                  options.codes,
                  " codes on ",
                  options.grid_height,
                  "x",
                  options.grid_width,
                  ", the codec has ",
                  codes.codebook_size,
                  " on ",
                  codes.grid(),
                  "x",
                  codes.grid());
    TESSERA_CHECK(
        options.condition_width == reads.width && options.condition_length == reads.length,
        kShapeMismatch,
        "made for text of ",
        options.condition_length,
        " tokens of width ",
        options.condition_width,
        ", the text encoder gives ",
        reads.length,
        " of width ",
        reads.width);
    parts.transition = in_part(chain, [&] {
      const auto process = read_options<diffusion::TransitionOptions>(chain);
      TESSERA_CHECK(process.steps == options.steps,
                    kShapeMismatch,
                    "has ",
                    process.steps,
                    " steps, the transformer ",
                    options.steps);
      return diffusion::make_transition(process, options.codes);
    });
    parts.denoiser = diffusion::make_transformer(options);
    load_weights(*parts.denoiser, transformer);
  });
  return parts;
}

std::unique_ptr<const Pipeline> load_pipeline(const fs::path& model, at::Device device) {
  const ModelCard card = read_model_card(model);
  check_model_files(model, card, kHashedAtLoad);
  Parts parts = load_parts(model, card);
  return assemble_pipeline(card, std::move(parts), device);
}

}  // namespace tessera::pipeline
