#include "pipeline/find_part.h"

#include "core/error.h"

namespace tessera::pipeline {
namespace fs = std::filesystem;

fs::path find_part(const fs::path& where, const char* part) {
  for (const fs::path& place : {where, where / part, where / "model" / part}) {
    if (fs::exists(place / "model.safetensors") && fs::exists(place / "config.json")) return place;
  }
  TESSERA_THROW(kNotFound,
                where.string(),
                ": no ",
                part,
                " there: neither it nor its ",
                part,
                " or model/",
                part,
                " holds config.json and model.safetensors");
}

}  // namespace tessera::pipeline
