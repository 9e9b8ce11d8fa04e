#include "engine/bits_meter.h"

#include "core/error.h"
#include "pipeline/paths.h"
#include "pipeline/published/layout.h"

namespace tessera::engine {

text::Tokens prompt_rows(const PromptText& text, const std::vector<std::string>& captions) {
  text::Tokens rows;
  for (const std::string& caption : captions) {
    const GenerateRequest request{.prompt = caption};
    const text::Tokens row = text.encode(request, request).wanted.tokens;
    rows.length = row.length;
    rows.ids.insert(rows.ids.end(), row.ids.begin(), row.ids.end());
    rows.lengths.insert(rows.lengths.end(), row.lengths.begin(), row.lengths.end());
  }
  return rows;
}

std::unique_ptr<BitsMeter> open_bits_meter(const BitsModel& model) {
  if (pipeline::layout_of(model.folder) != pipeline::ModelLayout::kTessera) {
    TESSERA_CHECK(model.path.empty() || model.path == pipeline::kDiscretePath,
                  kNotFound,
                  model.folder.string(),
                  ": a published model has no ",
                  model.path,
                  " path");
    return open_discrete_bits(model);
  }
  const std::string path = pipeline::path_of(pipeline::read_model_card(model.folder), model.path);
  return path == pipeline::kDiscretePath ? open_discrete_bits(model) : open_gaussian_bits(model);
}

}  // namespace tessera::engine
