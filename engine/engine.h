#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/options.h"
#include "core/progress.h"
#include "engine/image.h"
#include "engine/token_grid.h"

namespace tessera::engine {

struct EngineOptions {
  std::filesystem::path model{};       // as resolve_model() takes it; "" = default_model()
  std::string device = "auto";         // "cpu", "cuda", "cuda:1", "auto"
  int threads = 0;                     // 0 = one a physical core
  std::string precision = "fp32";      // fp32, bf16, fp16: of the denoiser and CLIP in memory;
                                       // int8: of the denoiser's products, where it draws
  std::string weights = "ema";         // ema, raw: of a checkpoint of the original code
  std::filesystem::path codec{};       // of such a checkpoint, where it lies elsewhere
  std::filesystem::path index_map{};   // and which of its codes are used
  std::string tokenizer = "original";  // CLIP's: original, or with the faults of microsoft or
                                       // hugging-face
};

/// One prompt, `count` pictures. Picture k of a request has seed `seed + k` and equals the one
/// picture of a request with that seed.
struct GenerateRequest {
  std::string prompt{};    // UTF-8; empty = unconditional
  std::string negative{};  // what to stay away from; empty = the learned null caption
  std::int32_t count = 1;
  std::int32_t batch = 0;  // pictures a forward pass; 0 = by memory. Never changes a picture
  SampleOptions sampling{};
  std::optional<std::uint64_t> seed{};  // none = drawn, and reported back
  std::optional<Image> start{};         // picture to start from, of the model's size
  std::optional<Image> mask{};     // same size, white = change; the rest of `start` stays as it is
  double strength = 1.0;           // share of the chain that is run on `start`, in (0, 1]
  std::int32_t preview_every = 0;  // steps between previews; 0 = none
  bool literal = false;            // the prompt goes to the model word for word
  std::string caption{};  // set by resolve(): the prompt as the model's captions would say it; ""
                          // where the words themselves are taken
};

struct GenerateResult {
  std::vector<Image> images{};  // fewer than asked for where `cancelled`
  GenerateRequest resolved{};   // every default filled in: feeding it back gives the same images
  std::vector<std::string> warnings{};  // words cut, words outside the model's world
  bool cancelled = false;               // stopped between two steps; finished pictures are kept
  double text_seconds = 0, denoise_seconds = 0, decode_seconds = 0;
};

using PreviewSink = std::function<void(const Image&, std::int32_t picture, std::int32_t step)>;
using PictureSink = std::function<void(const Image&, std::int32_t picture)>;
using TokenSink = std::function<void(const TokenGrid&, std::int32_t picture, std::int32_t step)>;

/// Who wants to hear what while pictures are made; called from the generating thread.
struct Watch {
  ProgressSink progress{};
  PreviewSink preview{};
  TokenSink tokens{};      // the canvas after every step; never called on a path without codes
  PictureSink finished{};  // each picture as soon as it is done
  std::function<void(const std::string&)>
      warning{};  // each of the result's warnings, before drawing
};

/// The one door of the application: no Torch, OpenCV, SentencePiece or Qt type passes it.
/// Calls may come from any thread; one runs at a time. Failures are tessera::Error.
class Engine {
 public:
  static std::unique_ptr<Engine> open(const EngineOptions& options);
  virtual ~Engine() = default;

  /// Every default filled in and every value checked, without drawing anything; the seed too.
  virtual GenerateRequest resolve(const GenerateRequest& request) const = 0;
  virtual GenerateResult generate(const GenerateRequest& request,
                                  const Watch& watch = {},
                                  std::stop_token stop = {}) = 0;

  /// Through the VQ-VAE and back, for judging the codebook; sides must be multiples of the
  /// downsampling.
  struct Reconstruction {
    Image image{};
    double psnr = 0;         // dB against the input; infinite where equal
    std::int64_t codes = 0;  // distinct codes
    std::int64_t tokens = 0;
    TokenGrid grid{};  // the codes themselves
  };
  virtual Reconstruction reconstruct(const Image& image) = 0;
  /// A picture's codes, and the picture of codes; sides as for reconstruct(). paint() throws
  /// kInvalidArgument for a masked cell or a code outside the codebook.
  virtual TokenGrid tokenise(const Image& image) = 0;
  virtual Image paint(const TokenGrid& grid) = 0;

  virtual std::vector<std::string> samplers() const = 0;  // of the first of paths()
  /// The ways the model can draw (sampling.path), its own choice first.
  virtual std::vector<std::string> paths() const { return {"discrete"}; }
  /// Of one of paths(); throws kNotFound for another.
  virtual std::vector<std::string> samplers_of(const std::string& /*path*/) const {
    return samplers();
  }
  virtual std::int32_t image_side() const = 0;    // pixels of a generated picture's side
  virtual std::int32_t downsampling() const = 0;  // sides of a reconstructed picture are multiples
  /// What made the pictures, as JSON for their metadata: model name and hash, tokenizer hash,
  /// version, LibTorch, processor, threads, device, number type, random generator.
  virtual std::string provenance() const = 0;
  /// The same of one of paths(): its parts are another model.
  virtual std::string provenance_of(const std::string& /*path*/) const { return provenance(); }
  virtual std::string describe() const = 0;  // the model card, sizes and provenance, as JSON
};

/// The request as JSON and back ("tessera" text chunk of a picture); docs/formats/png.md. Pictures
/// (start, mask) are named by their SHA-256 and have to be given again. Unknown keys are ignored,
/// so that newer files still read; a wrong type throws kInvalidArgument.
std::string to_json(const GenerateRequest& request);
GenerateRequest request_from_json(const std::string& text);

}  // namespace tessera::engine
