#include "pipeline/guided_denoiser.h"

#include <algorithm>
#include <utility>

#include <ATen/ATen.h>

#include "core/error.h"

namespace tessera::pipeline {
namespace {

std::int64_t rows(const nn::Condition& condition) {
  TESSERA_CHECK(
      condition.defined(), kInternal, "without a condition the plan numbers the pictures");
  return condition.tokens.defined() ? condition.tokens.size(0) : condition.labels.size(0);
}

at::Device device_of(const torch::nn::Module& model) {
  const std::vector<at::Tensor> all = model.parameters();
  return all.empty() ? at::Device(at::kCPU) : all.front().device();
}

}  // namespace

std::int64_t pictures_at_once(std::int64_t batch, at::Device device) {
  return device.is_cpu() ? 1 : batch;
}

at::Tensor in_pieces(const at::Tensor& rows,
                     const std::function<at::Tensor(const at::Tensor&)>& network) {
  const std::int64_t at_once = pictures_at_once(rows.size(0), rows.device());
  if (rows.size(0) <= at_once) return network(rows);
  std::vector<at::Tensor> answers;
  for (const at::Tensor& piece : rows.split(at_once)) answers.push_back(network(piece));
  return at::cat(answers);
}

GuidedDenoiser::GuidedDenoiser(diffusion::DiscreteDenoiser& model,
                               const nn::Condition& wanted,
                               const nn::Condition& unwanted,
                               const Plan& plan)
    : guidance_(plan.guidance) {
  const std::int64_t pictures = plan.pictures > 0 ? plan.pictures : rows(wanted);
  at_once_ = pictures_at_once(pictures, device_of(model));
  for (std::int64_t first = 0; first < pictures; first += at_once_) {
    const std::int64_t count = std::min(at_once_, pictures - first);
    const nn::Condition own = nn::rows_of(wanted, first, count);
    pieces_.push_back(model.make_prepared());
    pieces_.back()->prepare(
        guidance_ == 1.0 ? own : nn::concatenate(nn::rows_of(unwanted, first, count), own));
    pieces_.back()->prepare(plan.times);
  }
}

diffusion::Prediction GuidedDenoiser::predict(const at::Tensor& canvas,
                                              std::int64_t row,
                                              const diffusion::Truncation& truncation) {
  std::vector<diffusion::Logits> answers;
  const auto canvases = canvas.split(at_once_);
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    const at::Tensor logits = pieces_[i]->step(canvases[i], row);
    if (guidance_ == 1.0) {
      answers.push_back({.wanted = logits});
      continue;
    }
    const auto halves = logits.chunk(2);  // unwanted first
    answers.push_back({.wanted = halves[1], .unwanted = halves[0]});
  }
  return {std::move(answers), guidance_, truncation};
}

}  // namespace tessera::pipeline
