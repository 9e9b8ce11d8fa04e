#include "engine/caption_pictures.h"

#include <ATen/ATen.h>

#include "core/error.h"
#include "engine/prompt_text.h"
#include "eval/images/generated_pictures.h"
#include "io/json_fields.h"
#include "io/utf8.h"
#include "pipeline/pipeline.h"

namespace tessera::engine {
namespace {

constexpr std::int64_t kBatch = 16;

/// The model with its tokenizer; outlives every picture that is made.
class Painter {
 public:
  Painter(const std::filesystem::path& model, CaptionPainting painting, std::stop_token stop)
      : pipeline_(pipeline::load_pipeline(model, painting.device)),
        text_(model, *pipeline_, "original"),
        painting_(std::move(painting)),
        stop_(std::move(stop)) {
    TESSERA_CHECK(pipeline_->facts().generates(),
                  kInvalidArgument,
                  model.string(),
                  ": a codec alone makes no pictures");
    painting_.sampling = pipeline_->resolve(painting_.sampling);
  }

  std::vector<at::Tensor> paint(std::int64_t first,
                                const std::vector<std::string>& captions) const {
    text::Tokens wanted;
    text::Tokens unwanted;
    std::vector<std::uint64_t> seeds;
    for (const std::string& caption : captions) {
      GenerateRequest request;
      request.prompt = io::repaired_utf8(caption);
      const PromptTokens tokens = text_.encode(request, request);
      append(wanted, tokens.wanted.tokens);
      append(unwanted, tokens.unwanted.tokens);
      seeds.push_back(painting_.seed + static_cast<std::uint64_t>(first) + seeds.size());
    }
    const nn::Noise noise{.rng = nn::Rng::of_seeds(seeds)};
    return pipeline_->sample(wanted, unwanted, painting_.sampling, {}, noise, {}, stop_)
        .images.unbind(0);
  }

  std::string fingerprint() const {
    return concat(pipeline_->card().fingerprint(),
                  ' ',
                  text_.hash(),
                  ' ',
                  painting_.seed,
                  ' ',
                  io::to_json_fields(painting_.sampling).dump());
  }

 private:
  static void append(text::Tokens& rows, const text::Tokens& row) {
    rows.length = row.length;
    rows.ids.insert(rows.ids.end(), row.ids.begin(), row.ids.end());
    rows.lengths.insert(rows.lengths.end(), row.lengths.begin(), row.lengths.end());
  }

  std::unique_ptr<const pipeline::Pipeline> pipeline_;
  PromptText text_;
  CaptionPainting painting_;
  std::stop_token stop_;
};

}  // namespace

std::unique_ptr<const eval::PictureSet> open_caption_pictures(const std::filesystem::path& model,
                                                              std::vector<std::string> captions,
                                                              const CaptionPainting& painting,
                                                              std::stop_token stop) {
  const auto painter = std::make_shared<const Painter>(model, painting, std::move(stop));
  return eval::open_generated_pictures(
      std::move(captions),
      [painter](std::int64_t first, const std::vector<std::string>& texts) {
        return painter->paint(first, texts);
      },
      {.batch = kBatch, .title = painting.title, .fingerprint = painter->fingerprint()});
}

}  // namespace tessera::engine
