#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace tessera::engine {

struct ConvertRequest {
  std::filesystem::path from{};       // a model, as resolve_model() takes it
  std::filesystem::path to{};         // new
  std::string type = "bf16";          // fp32, bf16, fp16; int8 (io/int8_rows.h) in our layout
  std::string layout = "tessera";     // or diffusers
  std::string weights = "ema";        // ema, raw: of a checkpoint of the original code
  std::filesystem::path codec{};      // of such a checkpoint, where it lies elsewhere
  std::filesystem::path index_map{};  // and which of its codes are used
  std::filesystem::path with{};       // a second model, whose parts are added; "" = none
  std::filesystem::path
      decoder{};  // a codec whose decoder takes the place of the model's; "" = none
};

/// A model in another number type, another layout, or both (pipeline/convert_model.h).
void convert_model(const ConvertRequest& request);

struct NewModelRequest {
  std::string config{};  // a name of new_model_names()
  std::filesystem::path to{};
  std::uint64_t seed = 0;
  std::string type = "fp32";
  std::string layout = "tessera";
};

/// A model of a published one's shapes with random weights (pipeline/new_model.h).
void write_random_model(const NewModelRequest& request);
std::string new_model_names();  // "ithq, coco, …"

}  // namespace tessera::engine
