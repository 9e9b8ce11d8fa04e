#include "engine/convert.h"

#include "core/listed.h"
#include "engine/clip_tokenizer_files.h"
#include "engine/models.h"
#include "pipeline/convert_model.h"
#include "pipeline/new_model.h"
#include "pipeline/published/known_models.h"

namespace tessera::engine {

void convert_model(const ConvertRequest& request) {
  const std::filesystem::path from = resolve_model(request.from);
  pipeline::convert_model(
      from,
      request.to,
      {.layout = pipeline::layout_named(request.layout),
       .reading = {.type = pipeline::stored_type(request.type),
                   .averaged = pipeline::averaged_weights(request.weights),
                   .codec = request.codec,
                   .index_map = request.index_map},
       .clip_tokenizer = clip_tokenizer_of(from),
       .with = request.with.empty() ? request.with : resolve_model(request.with),
       .decoder = request.decoder});
}

void write_random_model(const NewModelRequest& request) {
  pipeline::write_random_model(request.to,
                               {.config = request.config,
                                .seed = request.seed,
                                .type = pipeline::scalar_type(request.type),
                                .layout = pipeline::layout_named(request.layout),
                                .clip_tokenizer = clip_tokenizer_of({})});
}

std::string new_model_names() {
  return listed(pipeline::known_model_names());
}

}  // namespace tessera::engine
