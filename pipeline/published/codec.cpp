#include "pipeline/published/codec.h"

#include <ATen/ATen.h>
#include <torch/nn/module.h>

#include "core/error.h"
#include "pipeline/published/codec_names.h"
#include "vqvae/quantizer.h"

namespace tessera::pipeline {
namespace {

constexpr const char* kMapOfCodes = "used_codes.full_to_reduced";
constexpr const char* kUsedCodes = "used_codes.reduced_to_full";

}  // namespace

PublishedCodec with_used_codes(vqvae::VqVaeOptions options, vqvae::CodeMap map) {
  options.full_codebook_size = map.full_to_reduced.size(0);
  options.codebook_size = map.reduced_to_full.size(0);
  return {.options = std::move(options), .used_codes = std::move(map)};
}

PublishedPart<vqvae::VqVaeOptions> microsoft_codec(const io::StateDict& published,
                                                   const PublishedCodec& codec,
                                                   const std::string& what) {
  const std::optional<CodecPlace> place = find_codec(published);
  TESSERA_CHECK(place.has_value(), kNotFound, what, ": holds no image codec");
  PublishedPart<vqvae::VqVaeOptions> part{.options = codec.options,
                                          .weights = tensors_of_codec(published, *place),
                                          .names = microsoft_codec_names(codec.options, *place)};
  if (codec.used_codes) {
    // No published file has the map among its weights; ours does.
    for (const auto& [name, ids] : {std::pair{kMapOfCodes, codec.used_codes->full_to_reduced},
                                    std::pair{kUsedCodes, codec.used_codes->reduced_to_full}}) {
      part.weights.tensors.insert_or_assign(name, ids);
      part.names.entries.push_back({name, {name}});
    }
  }
  return part;
}

std::shared_ptr<vqvae::VqVaeImpl> load_codec(const PublishedPart<vqvae::VqVaeOptions>& part) {
  auto codec = std::make_shared<vqvae::VqVaeImpl>(part.options);
  load_published(*codec, part.weights, part.names, part.what());
  codec->eval();
  return codec;
}

std::shared_ptr<vqvae::VqVaeImpl> load_microsoft_codec(const io::StateDict& published,
                                                       const PublishedCodec& codec,
                                                       const std::string& what) {
  auto part = microsoft_codec(published, codec, what);
  part.files = {what};
  return load_codec(part);
}

std::shared_ptr<vqvae::VqVaeImpl> load_diffusers_codec(const io::StateDict& published,
                                                       const vqvae::VqVaeOptions& options,
                                                       const std::string& what) {
  return load_codec({.options = options,
                     .weights = published,
                     .names = diffusers_codec_names(options, attention_names_of(published)),
                     .files = {what}});
}

DiffusersCodec to_diffusers_codec(vqvae::VqVaeImpl& codec) {
  io::StateDict ours = io::state_of(codec);
  at::Tensor codebook = codec.quantizer().codebook().detach();
  const auto used = ours.tensors.find(kUsedCodes);
  if (used != ours.tensors.end()) codebook = codebook.index_select(0, used->second);
  std::erase_if(ours.tensors, [](const auto& item) {
    return item.first.starts_with("quantizer.") || item.first.starts_with("used_codes.");
  });
  ours.tensors.emplace("quantizer.embedding", codebook);
  vqvae::VqVaeOptions options = codec.options();
  options.full_codebook_size = 0;
  options.quantizer = "straight-through";
  const NameMap map = diffusers_codec_names(options, AttentionNames::kQuery);
  return {.weights = to_published(ours, map), .options = std::move(options)};
}

}  // namespace tessera::pipeline
