#include "diffusion/gaussian/prediction.h"

#include "core/error.h"
#include "core/listed.h"

namespace tessera::diffusion {
namespace {

struct NamedPrediction {
  const char* name;
  GaussianPrediction prediction;
};

constexpr NamedPrediction kPredictions[] = {{"noise", GaussianPrediction::kNoise},
                                            {"data", GaussianPrediction::kData},
                                            {"mean", GaussianPrediction::kMean},
                                            {"velocity", GaussianPrediction::kVelocity},
                                            {"score", GaussianPrediction::kScore}};

/// The stride t -> t - 1, a row a picture, as numbers that multiply pictures.
struct Levels {
  at::Tensor signal{};
  at::Tensor noise{};
  at::Tensor x0_coefficient{};
  at::Tensor xt_coefficient{};
};

Levels levels_at(const GaussianProcess& process, const at::Tensor& t, const at::Tensor& x) {
  const GaussianStride<at::Tensor> c = process.stride(t, t - 1);
  return {.signal = per_row(c.signal_t, x),
          .noise = per_row(c.noise_t, x),
          .x0_coefficient = per_row(c.x0_coefficient, x),
          .xt_coefficient = per_row(c.xt_coefficient, x)};
}

at::Tensor to_data(const Levels& c,
                   const at::Tensor& value,
                   GaussianPrediction from,
                   const at::Tensor& x_t) {
  switch (from) {
    case GaussianPrediction::kNoise:
      return (x_t - c.noise * value) / c.signal;
    case GaussianPrediction::kData:
      return value;
    case GaussianPrediction::kMean:
      return (value - c.xt_coefficient * x_t) / c.x0_coefficient;
    case GaussianPrediction::kVelocity:
      return c.signal * x_t - c.noise * value;
    case GaussianPrediction::kScore:
      return (x_t + c.noise * c.noise * value) / c.signal;
  }
  TESSERA_THROW(kInternal, "an unknown prediction");
}

at::Tensor to_noise(const Levels& c,
                    const at::Tensor& value,
                    GaussianPrediction from,
                    const at::Tensor& x_t) {
  switch (from) {
    case GaussianPrediction::kNoise:
      return value;
    case GaussianPrediction::kVelocity:
      return c.noise * x_t + c.signal * value;
    case GaussianPrediction::kScore:
      return -c.noise * value;
    case GaussianPrediction::kData:
    case GaussianPrediction::kMean:
      return (x_t - c.signal * to_data(c, value, from, x_t)) / c.noise;
  }
  TESSERA_THROW(kInternal, "an unknown prediction");
}

}  // namespace

std::string_view to_string(GaussianPrediction prediction) {
  for (const NamedPrediction& p : kPredictions) {
    if (p.prediction == prediction) return p.name;
  }
  TESSERA_THROW(kInternal, "an unknown prediction");
}

std::vector<std::string> gaussian_prediction_names() {
  std::vector<std::string> names;
  for (const NamedPrediction& p : kPredictions) names.emplace_back(p.name);
  return names;
}

GaussianPrediction parse_gaussian_prediction(std::string_view name) {
  for (const NamedPrediction& p : kPredictions) {
    if (p.name == name) return p.prediction;
  }
  TESSERA_THROW(kNotFound,
                "no prediction named \"",
                name,
                "\"; known: ",
                listed(kPredictions, &NamedPrediction::name));
}

at::Tensor convert_prediction(const GaussianProcess& process,
                              const at::Tensor& value,
                              GaussianPrediction from,
                              GaussianPrediction to,
                              const PredictionPoint& point) {
  TESSERA_CHECK(value.sizes() == point.x_t.sizes(),
                kShapeMismatch,
                "a prediction has the shape of x_t, ",
                point.x_t.sizes(),
                ", got ",
                value.sizes());
  if (from == to) return value;
  const Levels c = levels_at(process, point.t, point.x_t);
  switch (to) {
    case GaussianPrediction::kNoise:
      return to_noise(c, value, from, point.x_t);
    case GaussianPrediction::kData:
      return to_data(c, value, from, point.x_t);
    case GaussianPrediction::kMean:
      return c.x0_coefficient * to_data(c, value, from, point.x_t) + c.xt_coefficient * point.x_t;
    case GaussianPrediction::kVelocity: {
      const at::Tensor noise = to_noise(c, value, from, point.x_t);
      // sqrt(alpha_bar) eps - sqrt(1 - alpha_bar) x_0 with x_0 put in: one division, not two.
      if (from == GaussianPrediction::kScore || from == GaussianPrediction::kNoise) {
        return (noise - c.noise * point.x_t) / c.signal;
      }
      return c.signal * noise - c.noise * to_data(c, value, from, point.x_t);
    }
    case GaussianPrediction::kScore:
      return -to_noise(c, value, from, point.x_t) / c.noise;
  }
  TESSERA_THROW(kInternal, "an unknown prediction");
}

at::Tensor prediction_target(const GaussianProcess& process,
                             GaussianPrediction prediction,
                             const at::Tensor& x0,
                             const at::Tensor& noise,
                             const at::Tensor& t) {
  if (prediction == GaussianPrediction::kNoise) return noise;
  if (prediction == GaussianPrediction::kData) return x0;
  const Levels c = levels_at(process, t, x0);
  if (prediction == GaussianPrediction::kVelocity) return c.signal * noise - c.noise * x0;
  if (prediction == GaussianPrediction::kScore) return -noise / c.noise;
  return c.x0_coefficient * x0 + c.xt_coefficient * (c.signal * x0 + c.noise * noise);
}

void check_prediction(const GaussianSchedule& schedule, GaussianPrediction prediction) {
  const bool needs_signal =
      prediction == GaussianPrediction::kNoise || prediction == GaussianPrediction::kScore;
  TESSERA_CHECK(!needs_signal || schedule.alpha_bar.back() > 0.0,
                kInvalidArgument,
                "the schedule leaves no signal at T = ",
                schedule.steps(),
                ", where the prediction ",
                to_string(prediction),
                " says nothing of the picture; use data or velocity");
}

}  // namespace tessera::diffusion
