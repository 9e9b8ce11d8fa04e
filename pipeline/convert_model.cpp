#include "pipeline/convert_model.h"

#include <map>
#include <string>

#include <ATen/ATen.h>
#include <torch/nn/module.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "io/json_fields.h"
#include "io/state_dict.h"
#include "pipeline/find_part.h"
#include "pipeline/gaussian_parts.h"
#include "pipeline/model_card.h"
#include "pipeline/published/published_model.h"
#include "pipeline/read_part.h"
#include "vqvae/codebook_averages.h"

namespace tessera::pipeline {
namespace fs = std::filesystem;
namespace {

void convert_part(const fs::path& from, const fs::path& to, at::ScalarType type) {
  fs::create_directories(to);
  for (const fs::directory_entry& entry : fs::directory_iterator(from)) {
    const fs::path target = to / entry.path().filename();
    if (entry.path().extension() == ".safetensors") {
      io::StateDict state = io::read_state_dict(entry.path());
      if (from.filename() == kVqVaePart) vqvae::drop_codebook_averages(state.tensors);
      io::write_safetensors(target, io::cast(state, type));
    } else if (entry.is_regular_file()) {
      fs::copy_file(entry.path(), target);
    }
  }
}

/// Weights learned on another codec's latents or another tokenizer's ids would load and mean
/// nothing.
void check_shared_part(const std::string& part, const ModelCard& own, const ModelCard& other) {
  const auto files = [&part](const ModelCard& card) {
    std::map<std::string, std::string> found;
    for (const auto& [file, hash] : card.hashes) {
      if (file.starts_with(part + "/")) found.emplace(file, hash);
    }
    return found;
  };
  TESSERA_CHECK(files(own) == files(other),
                kInvalidArgument,
                "the models to be joined have different ",
                part,
                " parts: what the one learned does not fit the other");
}

/// Parts of the model at `with` that `card` lacks.
void add_parts(const fs::path& with, const fs::path& to, ModelCard& card, at::ScalarType type) {
  const ModelCard other = read_model_card(with);
  check_model_files(with, other);
  for (const std::string& part : other.parts) {
    if (card.has_part(part)) {
      check_shared_part(part, card, other);
    } else {
      convert_part(with / part, to / part, type);
      card.parts.push_back(part);
      if (part == kUNetPart) card.gaussian_sampling = other.gaussian_sampling;
      if (part == kTransformerPart) card.sampling = other.sampling;
    }
  }
}

/// Files in int8 or bfloat16 hold a weight to within this share of the largest of its tensor.
constexpr double kRounding = 0.01;

/// The codec at `own` with the decoder of `codec`, written over the part at `to`.
void replace_decoder(const fs::path& own,
                     const fs::path& codec,
                     const fs::path& to,
                     at::ScalarType type) {
  const fs::path from = find_part(codec, kVqVaePart);
  const auto before = load_codec_part(own);
  const auto other = load_codec_part(from);
  io::StateDict state = io::state_of(*other);
  io::StateDict kept = io::state_of(*before);
  for (io::StateDict* each : {&state, &kept}) vqvae::drop_codebook_averages(each->tensors);
  std::erase_if(kept.tensors, [](const auto& each) { return each.first.starts_with("decoder."); });
  for (const auto& [name, tensor] : kept.tensors) {
    const auto found = state.tensors.find(name);
    TESSERA_CHECK(found != state.tensors.end() && found->second.sizes() == tensor.sizes(),
                  kShapeMismatch,
                  from.string(),
                  " has no ",
                  name,
                  " of shape ",
                  tensor.sizes(),
                  ": it is another kind of codec");
    const at::Tensor wanted = tensor.to(at::kDouble);
    const double off = (wanted - found->second.to(at::kDouble)).abs().max().item<double>();
    TESSERA_CHECK(off <= kRounding * wanted.abs().max().item<double>(),
                  kInvalidArgument,
                  from.string(),
                  " has another ",
                  name,
                  ": a decoder can only be exchanged where encoder and codebook are the same");
    found->second = tensor;
  }
  vqvae::VqVaeOptions options = before->options();
  options.decoder_blocks = other->options().decoder_blocks;  // all that is the decoder's alone
  io::write_json(to / kConfigFile, io::to_json_fields(options));
  io::write_safetensors(to / kWeightsFile, io::cast(state, type));
}

/// A folder of ours, which may hold parts that no other layout has.
void convert_own(const fs::path& from, const fs::path& to, const ConvertOptions& options) {
  ModelCard card = read_model_card(from);
  check_model_files(from, card);
  const at::ScalarType type = options.reading.type;
  for (const std::string& part : card.parts) convert_part(from / part, to / part, type);
  if (!options.with.empty()) add_parts(options.with, to, card, type);
  if (!options.decoder.empty()) {
    TESSERA_CHECK(card.has_part(kVqVaePart), kInvalidArgument, from.string(), " has no codec");
    replace_decoder(from / kVqVaePart, options.decoder, to / kVqVaePart, type);
  }
  card.hashes.clear();
  write_model_card(to, card);
}

void convert_loaded(PublishedModel model, const fs::path& to, const ConvertOptions& options) {
  Parts& parts = model.parts;
  TESSERA_CHECK(parts.denoiser && (!parts.text_encoder || model.clip),
                kInvalidArgument,
                "another layout holds a whole model with CLIP's text encoder; \"",
                model.card.name,
                parts.denoiser ? "\" has an own text encoder" : "\" is a codec alone");
  const auto writer = make_model_writer(options.layout, to, options.reading.type);
  writer->denoiser(model.transformer, io::state_of(*parts.denoiser));
  parts.denoiser.reset();
  writer->codec(*parts.codec);
  if (parts.text_encoder) {
    writer->text_encoder(*model.clip, io::state_of(*parts.text_encoder));
    writer->tokenizer(options.clip_tokenizer(options.layout, model.clip->vocabulary));
  }
  writer->chain(model.chain);
  writer->card(std::move(model.card));
}

}  // namespace

void convert_model(const fs::path& from, const fs::path& to, const ConvertOptions& options) {
  const bool own = layout_of(from) == ModelLayout::kTessera;
  write_folder_atomically(to, [&](const fs::path& folder) {
    if (own && options.layout == ModelLayout::kTessera) {
      convert_own(from, folder, options);
    } else {
      TESSERA_CHECK(options.with.empty() && options.decoder.empty(),
                    kInvalidArgument,
                    "only model folders of Tessera's own layout can be joined or take a decoder");
      LoadOptions reading = options.reading;
      if (reading.type == at::kChar) {
        TESSERA_CHECK(options.layout == ModelLayout::kTessera,
                      kInvalidArgument,
                      "only Tessera's own layout stores weights in int8");
        reading.type = at::kFloat;
      }
      convert_loaded(load_model(from, reading), folder, options);
    }
  });
}

}  // namespace tessera::pipeline
