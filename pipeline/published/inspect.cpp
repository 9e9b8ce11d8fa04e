#include "pipeline/published/inspect.h"

#include <set>

#include <ATen/ATen.h>
#include <torch/nn/module.h>

#include "core/error.h"
#include "core/listed.h"
#include "pipeline/model_card.h"
#include "pipeline/published/diffusers_folder.h"
#include "pipeline/published/microsoft_file.h"
#include "pipeline/published/published_sampling.h"
#include "vqvae/vqvae.h"

namespace tessera::pipeline {
namespace fs = std::filesystem;
namespace {

void count_tensors(PartFacts& facts, const io::StateDict& weights, const NameMap& names) {
  std::set<std::string> types;
  for (const NameEntry& entry : names.entries) {
    for (const std::string& name : entry.theirs) {
      const auto found = weights.tensors.find(name);
      if (found == weights.tensors.end()) continue;
      ++facts.tensors;
      facts.values += found->second.numel();
      facts.bytes += found->second.nbytes();
      types.insert(c10::toString(found->second.scalar_type()));
    }
  }
  facts.types = listed(types);
}

/// Fills the facts of one part by `look`; what is thrown becomes its problem.
template <typename Look>
PartFacts part_facts(const char* name, Look look) {
  PartFacts facts{.name = name};
  try {
    look(facts);
  } catch (const Error& error) {
    facts.problem = error.what();
  } catch (const c10::Error& error) {
    facts.problem = error.what_without_backtrace();
  } catch (const io::Json::exception& error) {
    facts.problem = error.what();
  }
  return facts;
}

template <typename Options, typename Make>
void compare(PartFacts& facts, const PublishedPart<Options>& part, Make make) {
  facts.files = part.files;
  facts.options = io::to_json_fields(part.options);
  count_tensors(facts, part.weights, part.names);
  facts.misfits = misfits_of(*make(part.options), part.weights, part.names);
}

std::shared_ptr<vqvae::VqVaeImpl> make_codec(const vqvae::VqVaeOptions& options) {
  return std::make_shared<vqvae::VqVaeImpl>(options);
}

PublishedFacts inspect_diffusers(const fs::path& model) {
  PublishedFacts facts{.layout = ModelLayout::kDiffusers};
  std::optional<diffusion::TransformerOptions> denoiser;
  facts.parts.push_back(part_facts(kTransformerPart, [&](PartFacts& part) {
    const auto found = diffusers_denoiser(model);
    denoiser = found.options;
    facts.learned_null = found.options.learned_null;
    facts.sampling = diffusers_sampling(found.options);
    compare(part, found, diffusion::make_transformer);
  }));
  facts.parts.push_back(part_facts(kVqVaePart, [&](PartFacts& part) {
    const std::int64_t grid = denoiser ? denoiser->grid_height : 1;
    compare(part, diffusers_codec(model, grid), make_codec);
  }));
  facts.parts.push_back(part_facts(kTextEncoderPart, [&](PartFacts& part) {
    const auto found = diffusers_text_encoder(model);
    compare(part, found, text::make_clip_encoder);
    if (denoiser) check_text_width(model, *denoiser, found.options);
  }));
  facts.parts.push_back(part_facts(kSchedulerPart, [&](PartFacts& part) {
    const diffusion::TransitionOptions chain = diffusers_chain(model);
    part.options = io::to_json_fields(chain);
    if (denoiser) check_steps(model, *denoiser, chain);
  }));
  return facts;
}

PublishedFacts inspect_microsoft(const fs::path& model, const LoadOptions& options) {
  const MicrosoftFile opened = open_microsoft_file(model, options);
  PublishedFacts facts{.layout = ModelLayout::kMicrosoft,
                       .has_average = opened.has_average,
                       .last_epoch = opened.last_epoch,
                       .last_iteration = opened.last_iteration};
  std::optional<diffusion::TransformerOptions> denoiser;
  facts.parts.push_back(part_facts(kTransformerPart, [&](PartFacts& part) {
    const auto found = microsoft_denoiser(opened);
    denoiser = found.options;
    facts.learned_null = found.options.learned_null;
    facts.sampling = original_sampling(found.options);
    compare(part, found, diffusion::make_transformer);
  }));
  facts.parts.push_back(part_facts(kVqVaePart, [&](PartFacts& part) {
    TESSERA_CHECK(denoiser, kNotFound, "not looked at: the denoiser tells which codec it takes");
    compare(part, microsoft_codec(opened, *denoiser, options), make_codec);
  }));
  if (denoiser && denoiser->condition == "text") {
    facts.parts.push_back(part_facts(kTextEncoderPart, [&](PartFacts& part) {
      compare(part, microsoft_text_encoder(opened), text::make_clip_encoder);
    }));
  }
  facts.parts.push_back(part_facts(kSchedulerPart, [&](PartFacts& part) {
    part.options = io::to_json_fields(microsoft_chain(opened));
  }));
  return facts;
}

}  // namespace

bool PublishedFacts::loads() const {
  for (const PartFacts& part : parts) {
    if (!part.loads()) return false;
  }
  return true;
}

PublishedFacts inspect_published(const fs::path& model, const LoadOptions& options) {
  const ModelLayout layout = layout_of(model);
  TESSERA_CHECK(layout != ModelLayout::kTessera,
                kInvalidArgument,
                model.string(),
                ": a model folder of Tessera's own");
  return layout == ModelLayout::kDiffusers ? inspect_diffusers(model)
                                           : inspect_microsoft(model, options);
}

}  // namespace tessera::pipeline
