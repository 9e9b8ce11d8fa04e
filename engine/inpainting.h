#pragma once

#include "engine/engine.h"
#include "pipeline/pipeline.h"

namespace tessera::engine {

/// What a request's start picture and mask mean for the canvas of codes and for the finished
/// pixels. A code may change where any pixel of its cell is white in the mask; outside the mask the
/// finished picture is the given one, pixel for pixel.
class Inpainting {
 public:
  Inpainting(const pipeline::Pipeline& pipeline, const GenerateRequest& request);
  /// For a batch of `rows` pictures.
  pipeline::Start start(std::int64_t rows) const;
  /// Puts the given pixels back.
  void restore(Image& image) const;
  bool keeps_everything() const;

 private:
  const GenerateRequest& request_;
  at::Tensor codes_{};   // [1, N]; on the Gaussian path
  at::Tensor images_{};  // [1, 3, H, W] instead
  at::Tensor keep_{};    // [1, N] bool
};

}  // namespace tessera::engine
