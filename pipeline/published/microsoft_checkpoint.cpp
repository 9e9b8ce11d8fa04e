#include "pipeline/published/microsoft_checkpoint.h"

#include <ATen/ATen.h>

#include "core/error.h"

namespace tessera::pipeline {
namespace {

constexpr const char* kDiffusion = "transformer.";

/// The dict that holds the network's tensors.
const io::PickleValue& model_of(const io::PickleValue& file) {
  for (const char* key : {"model", "state_dict"}) {
    const io::PickleValue* found = file.find(key);
    if (found != nullptr && found->is_dict()) return *found;
  }
  return file;
}

}  // namespace

MicrosoftCheckpoint microsoft_checkpoint(const io::PickleValue& file, const std::string& what) {
  MicrosoftCheckpoint checkpoint{.raw_model = io::tensors_of(model_of(file), "", what)};
  TESSERA_CHECK(
      !checkpoint.raw_model.tensors.empty(), kCorruptFile, what, " holds no tensors of a model");
  checkpoint.effective = checkpoint.raw_model;
  const io::PickleValue* ema = file.find("ema");
  if (ema == nullptr || !ema->is_dict()) return checkpoint;
  for (const auto& [name, average] : io::tensors_of(*ema, "", what + ": ema").tensors) {
    at::Tensor& place = checkpoint.effective.tensors[kDiffusion + name];
    TESSERA_CHECK(!place.defined() || place.sizes() == average.sizes(),
                  kShapeMismatch,
                  what,
                  ": the average of \"",
                  kDiffusion,
                  name,
                  "\" is ",
                  average.sizes(),
                  ", the tensor ",
                  place.sizes());
    place = average;
    checkpoint.averaged = true;
  }
  return checkpoint;
}

io::StateDict part_of(const io::StateDict& state, std::string_view prefix) {
  io::StateDict part{.metadata = state.metadata};
  for (auto item = state.tensors.lower_bound(std::string(prefix));
       item != state.tensors.end() && item->first.starts_with(prefix);
       ++item) {
    part.tensors.emplace(item->first.substr(prefix.size()), item->second);
  }
  return part;
}

}  // namespace tessera::pipeline
