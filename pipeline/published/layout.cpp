#include "pipeline/published/layout.h"

#include <fstream>

#include "core/error.h"
#include "io/formats/torch_file.h"
#include "io/json_fields.h"
#include "pipeline/model_card.h"

namespace tessera::pipeline {
namespace fs = std::filesystem;
namespace {

constexpr const char* kPipelineClass = "VQDiffusionPipeline";

ModelLayout layout_of_folder(const fs::path& folder) {
  const fs::path file = folder / kCardFile;
  TESSERA_CHECK(fs::exists(file),
                kNotFound,
                folder.string(),
                ": not a model folder: it holds no ",
                kCardFile);
  const io::Json card = io::read_json(file);
  TESSERA_CHECK(card.is_object(), kCorruptFile, file.string(), ": must be an object { … }");
  if (!card.contains("_class_name")) return ModelLayout::kTessera;  // the card's reader judges it
  TESSERA_CHECK(card["_class_name"] == kPipelineClass,
                kCorruptFile,
                file.string(),
                ": is of the class ",
                card["_class_name"].dump(-1, ' ', true, io::Json::error_handler_t::replace),
                "; Tessera opens ",
                kPipelineClass);
  return ModelLayout::kDiffusers;
}

}  // namespace

ModelLayout layout_named(std::string_view name) {
  if (name == "tessera") return ModelLayout::kTessera;
  if (name == "diffusers") return ModelLayout::kDiffusers;
  TESSERA_THROW(
      kInvalidArgument, "a model is laid out as tessera or diffusers, not \"", name, "\"");
}

ModelLayout layout_of(const fs::path& model) {
  TESSERA_CHECK(
      fs::exists(model), kNotFound, model.string(), ": no such model folder or checkpoint");
  if (fs::is_directory(model)) return layout_of_folder(model);
  std::ifstream in(model, std::ios::binary);
  TESSERA_CHECK(in, kIo, model.string(), ": cannot read");
  std::string head(16, '\0');
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(in.gcount()));
  TESSERA_CHECK(io::is_torch_file(head),
                kCorruptFile,
                model.string(),
                ": neither a model folder nor a checkpoint of torch.save");
  return ModelLayout::kMicrosoft;
}

}  // namespace tessera::pipeline
