#include "engine/verify.h"

#include <algorithm>
#include <cstdlib>

#include "core/error.h"
#include "engine/image_files.h"
#include "engine/start_picture.h"
#include "io/json_fields.h"

namespace tessera::engine {
namespace fs = std::filesystem;
namespace {

using io::Json;

Json record_of(const fs::path& file) {
  const auto texts = read_texts(file);
  const auto found = texts.find("tessera");
  TESSERA_CHECK(found != texts.end(),
                kInvalidArgument,
                file.string(),
                ": holds no Tessera settings (another program's picture, or --no-metadata)");
  Json record = io::parse_json(found->second, file.string());
  TESSERA_CHECK(record.is_object() && record.value("schema", "") == "tessera.image/1",
                kCorruptFile,
                file.string(),
                ": its settings are not of the schema tessera.image/1");
  return record;
}

void check_model(const Json& record, const Json& now, const fs::path& file) {
  const Json then = record.value("model", Json::object());
  const std::string hash = then.value("sha256", "");
  const std::string own = now.at("model").value("sha256", "");
  TESSERA_CHECK(hash == own,
                kNotFound,
                file.string(),
                ": was drawn by the model \"",
                then.value("name", ""),
                "\" (",
                hash.substr(0, 10),
                "); this is \"",
                now.at("model").value("name", ""),
                "\" (",
                own.substr(0, 10),
                "): name the right one with --model");
}

/// The start picture and its mask, found by their names and told by their hashes.
void add_start(GenerateRequest& request, const Json& record, std::int32_t side) {
  if (!record.contains("start")) return;
  const auto file_of = [&](const char* key) {
    return record.contains(key) ? record[key].value("file", "") : std::string();
  };
  const StartPicture start = read_start(file_of("start"), file_of("mask"), side);
  request.start = start.start;
  request.mask = start.mask;
  const Json now = io::parse_json(to_json(request), "request");
  for (const char* key : {"start", "mask"}) {
    if (!record.contains(key)) continue;
    TESSERA_CHECK(record[key].value("sha256", "") == now.at(key).value("sha256", ""),
                  kNotFound,
                  file_of(key),
                  ": is not the picture that was started from any more");
  }
}

}  // namespace

Verification verify_picture(Engine& engine,
                            const fs::path& file,
                            const ProgressSink& progress,
                            std::stop_token stop) {
  const Json record = record_of(file);
  const Json now = io::parse_json(engine.provenance_of(record.value("path", "")), "provenance");
  check_model(record, now, file);
  Verification verification;
  for (const char* key : {"version", "libtorch", "cpu_capability", "device", "tokenizer"}) {
    if (!record.contains(key) || record[key] == now.at(key)) continue;
    verification.notes.push_back(
        concat(key, " was ", record[key].dump(), ", is ", now.at(key).dump()));
  }
  GenerateRequest request = request_from_json(record.dump());
  if (const auto caption = record.find("caption");
      caption != record.end() && caption->is_string()) {
    request.prompt = caption->get<std::string>();  // what the model was told, however it was read
    request.literal = true;
  }
  add_start(request, record, engine.image_side());
  const GenerateResult again = engine.generate(request, {.progress = progress}, stop);
  TESSERA_CHECK(!again.cancelled, kCancelled, "stopped");
  const Image& drawn = again.images.front();
  const Image kept = read_image(file);
  TESSERA_CHECK(kept.width == drawn.width && kept.height == drawn.height,
                kInvalidArgument,
                file.string(),
                ": is ",
                kept.width,
                "x",
                kept.height,
                ", the model draws ",
                drawn.width,
                "x",
                drawn.height);
  for (std::size_t i = 0; i < kept.pixels.size(); ++i) {
    const int difference = std::abs(int{kept.pixels[i]} - int{drawn.pixels[i]});
    if (difference > 0) ++verification.different;
    verification.greatest = std::max(verification.greatest, difference);
  }
  verification.equal = verification.different == 0;
  return verification;
}

}  // namespace tessera::engine
