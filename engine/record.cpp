#include "engine/record.h"

#include "core/error.h"
#include "io/image/parameters.h"
#include "io/json_fields.h"

namespace tessera::engine {
namespace {

using io::Json;

std::string number(double value) {
  return concat(value);
}  // 3, 2.5: no padding zeros

std::string text_or(const Json& json, const char* key, const std::string& fallback) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : fallback;
}

std::string parameters_of(const Json& record) {
  io::Parameters parameters{.prompt = text_or(record, "prompt", ""),
                            .negative = text_or(record, "negative", "")};
  const auto add = [&](const char* key, const std::string& value) {
    parameters.fields.emplace_back(key, value);
  };
  add("Steps", std::to_string(record.value("steps", std::int64_t{0})));
  add("Sampler", text_or(record, "sampler", ""));
  add("CFG scale", number(record.value("guidance", 1.0)));
  add("Seed", std::to_string(record.value("seed", std::uint64_t{0})));
  add("Size", concat(record.value("width", 0), "x", record.value("height", 0)));
  const Json model = record.value("model", Json::object());
  add("Model hash", text_or(model, "sha256", "").substr(0, 10));
  add("Model", text_or(model, "name", ""));
  if (record.contains("start")) {
    add("Denoising strength", number(record.value("strength", 1.0)));
  }
  add("Truncation", text_or(record, "truncation", ""));
  add("RNG", text_or(record, "rng", ""));
  add("Version", "Tessera " + text_or(record, "version", ""));
  return io::to_text(parameters);
}

}  // namespace

PictureText picture_text(const GenerateRequest& resolved,
                         std::int32_t index,
                         const std::string& provenance,
                         const std::string& extra) {
  GenerateRequest one = resolved;
  one.count = 1;
  one.seed = resolved.seed.value_or(0) + static_cast<std::uint64_t>(index);
  Json record = {{"schema", "tessera.image/1"}};
  record.update(io::parse_json(to_json(one), "request"));
  record.erase("count");
  record.update(io::parse_json(provenance, "provenance"));
  if (!extra.empty()) record.update(io::parse_json(extra, "extra"), true);
  return {.parameters = parameters_of(record),
          .tessera = record.dump(-1, ' ', true, Json::error_handler_t::replace)};
}

}  // namespace tessera::engine
