#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>

#include "core/progress.h"
#include "jobs/jobs.h"

namespace tessera::jobs {

/// A compositional evaluation with records: one JSON line a picture, so that it can be stopped,
/// gone on with, and divided among processes (docs/formats/eval.md).
struct CompositionalRun {
  CompositionalRequest request{};    // its on_picture is told of pictures as they are judged
  std::int64_t rerank = 0;           // candidates a picture, of which a CLIP keeps one; 0, 1 = one
  std::filesystem::path clip{};      // which CLIP of Tessera's own; "" = the shipped one
  std::filesystem::path records{};   // "" = none are kept
  bool resume = false;               // go on with the records that are there
  bool overwrite = false;            // replace them
  std::filesystem::path pictures{};  // folder for NNNNNN.png, one a picture; "" = none
  PictureWriter write_picture{};     // needed where `pictures` is given
  std::int64_t rank = 0;             // this process …
  std::int64_t processes = 1;        // … of so many, which share `records`
};

struct CompositionalAnswer {
  bool complete = false;    // false: other processes have pictures to judge yet
  std::int64_t judged = 0;  // pictures that this process judged
  std::string json{};       // the report, docs/formats/eval.md; "" unless complete
  std::string table{};      // the same for people
  std::string records{};    // every record as JSON lines, header first
};

/// Throws as run_compositional(), kInvalidArgument where records of another run, or records at all
/// without `resume` and `overwrite`, are in the way, and kCancelled, keeping what was judged.
CompositionalAnswer run_compositional(const CompositionalRun& run,
                                      const ProgressSink& progress,
                                      std::stop_token stop);

}  // namespace tessera::jobs
