#include "engine/convert.h"

#include "engine/models.h"
#include "pipeline/convert_model.h"

namespace tessera::engine {

void convert_model(const std::filesystem::path& from,
                   const std::filesystem::path& to,
                   const std::string& type) {
  pipeline::convert_model(resolve_model(from), to, type);
}

}  // namespace tessera::engine
