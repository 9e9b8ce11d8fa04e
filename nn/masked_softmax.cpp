#include "nn/masked_softmax.h"

#include <ATen/Parallel.h>
#include <torch/nn.h>

#include "kernels/masked_softmax.h"

namespace tessera::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

template <typename Number>
void fill(const at::Tensor& scores, const at::Tensor& mask, double scale, const at::Tensor& out) {
  const kernels::MaskedSoftmax<Number> args{
      .keys = scores.size(3),
      .rows_in_picture = scores.size(1) * scores.size(2),
      .scale = static_cast<float>(scale),
      .scores = static_cast<const Number*>(scores.const_data_ptr()),
      .visible = mask.defined() ? mask.const_data_ptr<bool>() : nullptr,
      .probability = static_cast<Number*>(out.mutable_data_ptr())};
  at::parallel_for(0, scores.size(0), 1, [&](std::int64_t first, std::int64_t last) {
    kernels::masked_softmax(args, first, last);
  });
}

template <typename Number>
void fill_gradient(const at::Tensor& probability,
                   const at::Tensor& gradient,
                   double scale,
                   const at::Tensor& out) {
  const kernels::MaskedSoftmaxGradient<Number> args{
      .keys = probability.size(3),
      .rows_in_picture = probability.size(1) * probability.size(2),
      .scale = static_cast<float>(scale),
      .probability = static_cast<const Number*>(probability.const_data_ptr()),
      .grad_probability = static_cast<const Number*>(gradient.const_data_ptr()),
      .grad_scores = static_cast<Number*>(out.mutable_data_ptr())};
  at::parallel_for(0, probability.size(0), 1, [&](std::int64_t first, std::int64_t last) {
    kernels::masked_softmax_gradient(args, first, last);
  });
}

class MaskedSoftmax : public torch::autograd::Function<MaskedSoftmax> {
 public:
  static at::Tensor forward(AutogradContext* context,
                            const at::Tensor& scores,
                            const std::optional<at::Tensor>& mask,
                            double scale) {
    const at::Tensor probability = at::empty_like(scores);
    const bool half = scores.scalar_type() == at::kBFloat16;
    (half ? fill<kernels::Bfloat16>
          : fill<float>)(scores, mask.value_or(at::Tensor()), scale, probability);
    context->save_for_backward({probability});
    context->saved_data["scale"] = scale;
    return probability;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor probability = context->get_saved_variables().front();
    const at::Tensor gradient = gradients.front().contiguous();
    const at::Tensor result = at::empty_like(probability);
    const bool half = probability.scalar_type() == at::kBFloat16;
    (half ? fill_gradient<kernels::Bfloat16>
          : fill_gradient<float>)(probability,
                                  gradient,
                                  context->saved_data["scale"].toDouble(),
                                  result);
    return {result, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor masked_softmax(const at::Tensor& scores, const at::Tensor& mask, double scale) {
  std::optional<at::Tensor> visible;
  if (mask.defined()) visible = mask.contiguous();
  return MaskedSoftmax::apply(scores.contiguous(), visible, scale);
}

}  // namespace tessera::nn
