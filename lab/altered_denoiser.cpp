#include "lab/altered_denoiser.h"

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/process.h"
#include "lab/series.h"

namespace tessera::lab {
namespace {

class AlteredDenoiser final : public diffusion::GaussianDenoiser {
 public:
  AlteredDenoiser(std::shared_ptr<diffusion::GaussianDenoiser> inner, const Alteration& alteration)
      : inner_(std::move(inner)), factor_(alteration.factor) {
    if (!alteration.variances.empty()) log_variances_ = tensor_of(alteration.variances).log();
  }

  at::Tensor forward(const at::Tensor& x_t,
                     const at::Tensor& t,
                     const nn::Condition& condition) override {
    const at::Tensor said = factor_ * inner_->forward(x_t, t, condition);
    if (!log_variances_.defined()) return said;
    const at::Tensor log_variance = diffusion::per_row(log_variances_.index_select(0, t), x_t);
    return at::cat({said, log_variance.expand_as(said)}, 1);
  }
  nn::Condition null_condition(std::int64_t batch) override {
    return inner_->null_condition(batch);
  }
  diffusion::GaussianPrediction prediction() const override { return inner_->prediction(); }
  diffusion::GaussianVariance variance() const override {
    return log_variances_.defined() ? diffusion::GaussianVariance::kDiagonal : inner_->variance();
  }

 private:
  std::shared_ptr<diffusion::GaussianDenoiser> inner_;
  double factor_;
  at::Tensor log_variances_{};  // [T + 1] float64
};

}  // namespace

std::shared_ptr<diffusion::GaussianDenoiser> make_altered_denoiser(
    std::shared_ptr<diffusion::GaussianDenoiser> inner, const Alteration& alteration) {
  TESSERA_CHECK(!diffusion::is_learned(inner->variance()),
                kInvalidArgument,
                "a network with a learned variance cannot be altered");
  return std::make_shared<AlteredDenoiser>(std::move(inner), alteration);
}

}  // namespace tessera::lab
