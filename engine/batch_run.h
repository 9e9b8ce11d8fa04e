#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/error.h"
#include "engine/engine.h"
#include "engine/output_names.h"
#include "engine/prompt_file.h"

namespace tessera::engine {

/// Many prompts to many files, with one model in memory.
struct BatchRun {
  GenerateRequest base{};  // what the flags say; items go over it
  std::vector<PromptItem> items{};
  NamingOptions naming{};
  bool metadata = true;             // text chunks in the pictures
  std::filesystem::path grid{};     // also one contact sheet of all pictures; "" = none
  std::int32_t columns = 0;         // of the sheet; 0 = as square as can be
  std::string extra{};              // JSON object merged into every picture's metadata
  std::filesystem::path preview{};  // the newest preview of base.preview_every; "" = none
  std::int32_t rerank = 0;          // candidates a picture, of which a CLIP keeps one; 0, 1 = one
  std::filesystem::path clip{};     // which CLIP; "" = the shipped one
  std::string device = "auto";      // of that CLIP
};

/// What became of one picture, or of one prompt that could not be drawn.
struct PictureRecord {
  std::int64_t index = 0;        // of the picture in the run
  std::filesystem::path path{};  // "" where nothing was written
  std::string json{};            // one line: index, prompt, seed, path, …, status, error
  bool failed = false;
  std::string message{};  // of the failure
};

struct BatchSinks {
  std::function<void(const GenerateRequest&)> started{};  // resolved, before each prompt is drawn
  ProgressSink progress{};
  std::function<void(const PictureRecord&)> record{};
  std::function<void(const std::string&)> warning{};
};

struct BatchSummary {
  std::int64_t written = 0;
  std::int64_t failed = 0;                       // prompts and pictures
  ErrorCode first_error = ErrorCode::kInternal;  // where failed > 0
  bool cancelled = false;
  double seconds = 0;
};

/// Names every file and checks that it can be written before anything is drawn; then draws, writing
/// each picture as soon as it is done. With `rerank` N, picture k of a request with seed s is the
/// best of those with seeds s + kN … s + kN + N - 1; its metadata has the seed of the one that was
/// kept, and "rerank" with all scores. A prompt that fails is recorded and the rest go on; a disk
/// that refuses ends the run. Throws what name_pictures, prepare_folders and write_png throw; the
/// error of the prompt itself where there is only one.
BatchSummary run_batch(Engine& engine,
                       const BatchRun& run,
                       const BatchSinks& sinks,
                       std::stop_token stop);

}  // namespace tessera::engine
