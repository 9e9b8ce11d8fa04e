#pragma once

#include <ATen/core/Tensor.h>

#include "diffusion/gaussian/denoiser.h"
#include "diffusion/gaussian/estimate.h"

namespace tessera::diffusion {

/// A denoiser that knows the law of its data. What is left to a law: the moments of x_0 given x_t.
class ExactDenoiser : public GaussianDenoiser {
 public:
  ExactDenoiser(const GaussianSchedule& schedule, AnswerKind kind);

  at::Tensor forward(const at::Tensor& x_t,
                     const at::Tensor& t,
                     const nn::Condition& condition) override;
  nn::Condition null_condition(std::int64_t batch) override;
  GaussianPrediction prediction() const override { return kind_.prediction; }
  GaussianVariance variance() const override { return kind_.variance; }

 protected:
  /// One row a picture, flattened, float64 on the CPU.
  struct View {
    at::Tensor x_t{};     // [B, D]
    at::Tensor signal{};  // [B, 1] sqrt(alpha_bar)
    at::Tensor noise{};   // [B, 1] 1 - alpha_bar, a variance
  };
  struct Moments {
    at::Tensor mean{};      // [B, D] of x_0 given x_t
    at::Tensor variance{};  // [B, D]; may be undefined unless wants_variance()
  };
  virtual Moments moments(const View& view) const = 0;
  bool wants_variance() const { return is_learned(kind_.variance); }

 private:
  at::Tensor variance_answer(const at::Tensor& t, const at::Tensor& given) const;

  GaussianProcess process_;
  AnswerKind kind_;
};

}  // namespace tessera::diffusion
