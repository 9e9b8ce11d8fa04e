#include "core/error.h"
#include "engine/engine.h"
#include "io/json_fields.h"
#include "io/sha256.h"

namespace tessera::engine {
namespace {

using io::Json;

Json name_of(const Image& image) {
  const auto* bytes = reinterpret_cast<const char*>(image.pixels.data());
  return {{"width", image.width},
          {"height", image.height},
          {"sha256", io::sha256({bytes, image.pixels.size()})}};
}

/// Reads the fields that are there; the others keep their defaults.
class Reader {
 public:
  explicit Reader(const Json& json) : json_(json) {}

  template <typename T>
  void operator()(const char* key, T& value, const char* /*help*/ = "") const {
    const auto found = json_.find(key);
    if (found == json_.end() || found->is_null()) return;
    TESSERA_CHECK(io::detail::fits<T>(*found),
                  kInvalidArgument,
                  "\"",
                  key,
                  "\" must be ",
                  io::detail::wanted<T>(),
                  ", got ",
                  found->dump(-1, ' ', true, Json::error_handler_t::replace));
    value = found->template get<T>();
  }

 private:
  const Json& json_;
};

}  // namespace

std::string to_json(const GenerateRequest& request) {
  Json json = Json::object();
  json["prompt"] = request.prompt;
  if (request.literal) json["literal"] = true;
  if (!request.caption.empty()) json["caption"] = request.caption;
  json["negative"] = request.negative;
  if (request.seed) json["seed"] = *request.seed;
  json["count"] = request.count;
  io::JsonWriter sampling;
  SampleOptions options = request.sampling;
  visit_fields(sampling, options);
  json.update(sampling.take());
  if (request.start) {
    json["start"] = name_of(*request.start);
    json["strength"] = request.strength;
  }
  if (request.mask) json["mask"] = name_of(*request.mask);
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

GenerateRequest request_from_json(const std::string& text) {
  const Json json = io::parse_json(text, "request");
  TESSERA_CHECK(json.is_object(), kInvalidArgument, "a request must be an object { … }");
  GenerateRequest request;
  const Reader read(json);
  read("prompt", request.prompt);
  read("negative", request.negative);
  read("literal", request.literal);
  read("count", request.count);
  read("strength", request.strength);
  visit_fields(read, request.sampling);
  std::uint64_t seed = 0;
  read("seed", seed);
  if (json.contains("seed") && !json["seed"].is_null()) request.seed = seed;
  return request;
}

}  // namespace tessera::engine
