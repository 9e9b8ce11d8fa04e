#include "eval/clip/clip_config.h"

#include "core/error.h"

namespace tessera::eval {

io::Json clip_options_json(const ClipOptions& options) {
  io::Json json = io::to_json_fields(options);
  json["vision"] = io::to_json_fields(options.vision);
  json["text"] = io::to_json_fields(options.text);
  return json;
}

ClipOptions clip_options_from(const io::Json& given, const std::string& where) {
  TESSERA_CHECK(given.is_object(), kInvalidArgument, where, " must be an object { … }");
  io::Json json = given;
  ClipOptions options;
  const auto part = [&](const char* key, auto& section) {
    const auto found = json.find(key);
    if (found == json.end()) return;
    io::from_json_fields(*found, section, where + "." + key);
    json.erase(key);
  };
  part("vision", options.vision);
  part("text", options.text);
  io::from_json_fields(json, options, where);
  return options;
}

}  // namespace tessera::eval
