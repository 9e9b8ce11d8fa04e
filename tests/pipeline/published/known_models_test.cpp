// What is known of the published models, against the numbers that were counted in them.

#include "pipeline/published/known_models.h"

#include <map>

#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include "tests/support/expect_error.h"

namespace tessera::pipeline {
namespace {

TEST(KnownModels, HaveThePublishedNumbersOfParameters) {
  // The null embedding of ITHQ is 77x512; the authors count a denoiser without it.
  const std::map<std::string, std::int64_t> published{{"ithq", 1'359'274'624 + 39'424},
                                                      {"coco", 388'780'871},
                                                      {"cub-s", 35'936'647},
                                                      {"imagenet", 518'025'678},
                                                      {"imagenet-learnable", 518'037'966},
                                                      {"ffhq", 411'185'664}};
  for (const auto& [name, wanted] : published) {
    std::int64_t count = 0;
    const auto denoiser = diffusion::make_transformer(known_model(name).transformer);
    for (const at::Tensor& p : denoiser->parameters()) count += p.numel();
    EXPECT_EQ(count, wanted) << name;
  }
  EXPECT_EQ(known_model_names().size(), published.size() + 1) << "tiny was not published";
}

TEST(KnownModels, TheirPartsFitOneAnother) {
  for (const std::string& name : known_model_names()) {
    SCOPED_TRACE(name);
    const KnownModel model = known_model(name);
    EXPECT_EQ(model.codec.options.codebook_size, model.transformer.codes);
    EXPECT_EQ(model.codec.options.grid(), model.transformer.grid_height);
    EXPECT_EQ(model.chain.steps, model.transformer.steps);
    EXPECT_EQ(model.codec.used_codes.has_value(), model.codec.options.full_codebook_size > 0);
    EXPECT_EQ(model.clip.has_value(), model.transformer.condition == "text");
    if (model.clip) {
      EXPECT_EQ(model.clip->width, model.transformer.condition_width);
      EXPECT_EQ(model.clip->length, model.transformer.condition_length);
    }
    EXPECT_NO_THROW(model.transformer.validate());
    EXPECT_NO_THROW(model.codec.options.validate());
  }
  EXPECT_EQ(known_model("ithq").sampling.guidance, 5.0);
  EXPECT_EQ(known_model("coco").sampling.guidance, 3.0);
  EXPECT_EQ(known_model("imagenet").sampling.truncation, "0.94");
  test::expect_error(ErrorCode::kNotFound, "cub-s, imagenet", [] { known_model("imagenet-21k"); });
}

}  // namespace
}  // namespace tessera::pipeline
