#pragma once

#include <cstdint>
#include <string>

#include "core/options.h"
#include "eval/clip/clip_options.h"

namespace tessera::train {

/// Section "model" of stage clip, beside its sections "vision" and "text". The vocabulary and the
/// id of the end token come from the tokenizer.
struct ClipModelSection {
  std::string tokenizer{};       // folder with tokens.tsv
  std::string weights = "bf16";  // bf16, int8 (io/int8_rows.h), fp32: of the exported file
  eval::ClipOptions clip{};
  void validate() const;  // names keys as "model.tokenizer"
};

template <typename Visitor>
void visit_fields(Visitor& v, ClipModelSection& o) {
  v("tokenizer", o.tokenizer, "folder that holds tokens.tsv");
  v("weights", o.weights, "number type of the exported weights: bf16, int8 or fp32");
}

/// Section "objective" of stage clip.
struct ClipObjective {
  std::int64_t swaps = 2;    // hard negatives a picture
  double swap_weight = 0.5;  // of the true caption against its own swaps
  double noise = 0.04;       // largest deviation of the noise on a picture, of its range [-1, 1]
  double blur = 0.6;         // largest share of a 3x3 mean in a picture
  void validate() const;     // names keys as "objective.swaps"
};

template <typename Visitor>
void visit_fields(Visitor& v, ClipObjective& o) {
  v("swaps", o.swaps, "captions with one swapped attribute that each picture is told from");
  v("swap_weight", o.swap_weight, "weight of the loss over the true caption and its own swaps");
  v("noise", o.noise, "largest standard deviation of the noise that pictures get; 0 = none");
  v("blur", o.blur, "largest share of a 3x3 mean that pictures are mixed with; 0 = none");
}

}  // namespace tessera::train
