#include "nn/residual_norm.h"

#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <torch/nn.h>

#include "core/error.h"
#include "kernels/bfloat16.h"
#include "kernels/residual_norm.h"
#include "nn/cuda_kernels.h"

namespace tessera::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

template <typename Number>
Number* data(const at::Tensor& x) {
  return x.defined() ? static_cast<Number*>(x.data_ptr()) : nullptr;
}

/// Calls `use` with the number type of `x`: float or kernels::Bfloat16.
template <typename Use>
void with_number(const at::Tensor& x, Use&& use) {
  if (x.scalar_type() == at::kBFloat16) {
    use(kernels::Bfloat16{});
  } else {
    use(float{});
  }
}

/// A kernel over all groups at once, where the tensors are; `here` does groups first ... last - 1
/// on the CPU.
template <typename Args, typename Here>
void run(const char* name, const Args& args, const at::Tensor& on, Here here) {
  if (on.is_cuda()) return launch_kernel(name, args, on.size(0), on);
  at::parallel_for(
      0, on.size(0), 1, [&](std::int64_t first, std::int64_t last) { here(args, first, last); });
}

/// Fused = one pass over memory; `branch` may be undefined. Outputs: (sum, output), or (output)
/// alone.
class FusedResidualNorm : public torch::autograd::Function<FusedResidualNorm> {
 public:
  static variable_list forward(AutogradContext* context,
                               const at::Tensor& residual,
                               const std::optional<at::Tensor>& added,
                               const at::Tensor& gain,
                               const at::Tensor& shift,
                               at::ScalarType type) {
    const at::Tensor branch = added.value_or(at::Tensor());
    const auto rows = residual.sizes().slice(0, 2);
    const at::Tensor sum = branch.defined() ? at::empty_like(residual) : residual;
    const at::Tensor output = at::empty(residual.sizes(), residual.options().dtype(type));
    const at::Tensor mean = at::empty(rows, residual.options());
    const at::Tensor inverse = at::empty(rows, residual.options());
    with_number(output, [&]<typename Number>(Number) {
      const kernels::ResidualNorm<Number> args{
          .width = residual.size(2),
          .rows_in_group = residual.size(1),
          .gain_stride = gain.size(0) == 1 ? 0 : residual.size(2),
          .residual = residual.const_data_ptr<float>(),
          .branch = data<Number>(branch),
          .gain = gain.const_data_ptr<float>(),
          .shift = shift.const_data_ptr<float>(),
          .sum = branch.defined() ? sum.mutable_data_ptr<float>() : nullptr,
          .output = data<Number>(output),
          .mean = mean.mutable_data_ptr<float>(),
          .inverse = inverse.mutable_data_ptr<float>()};
      run("residual_norm",
          args,
          residual,
          [](const auto& a, std::int64_t first, std::int64_t last) {
            kernels::residual_norm(a, first, last);
          });
    });
    context->save_for_backward({sum, gain, mean, inverse});
    context->saved_data["branch"] = branch.defined();
    context->set_materialize_grads(false);
    if (!branch.defined()) return {output};
    return {sum, output};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& sum = saved[0];
    const at::Tensor& gain = saved[1];
    const bool has_branch = context->saved_data["branch"].toBool();
    TESSERA_CHECK(gradients.back().defined(), kInternal, "the norm's output has no gradient");
    const at::Tensor grad_output = gradients.back().contiguous();
    const at::Tensor grad_sum =
        has_branch && gradients[0].defined() ? gradients[0].contiguous() : at::Tensor();
    const at::Tensor grad_residual = at::empty_like(sum);
    const at::Tensor grad_branch = has_branch ? at::empty_like(grad_output) : at::Tensor();
    const std::vector<std::int64_t> shape{sum.size(0), sum.size(2)};
    at::Tensor grad_gain = at::empty(shape, sum.options());
    at::Tensor grad_shift = at::empty(shape, sum.options());
    with_number(grad_output, [&]<typename Number>(Number) {
      const kernels::ResidualNormGradient<Number> args{
          .width = sum.size(2),
          .rows_in_group = sum.size(1),
          .gain_stride = gain.size(0) == 1 ? 0 : sum.size(2),
          .sum = sum.const_data_ptr<float>(),
          .mean = saved[2].const_data_ptr<float>(),
          .inverse = saved[3].const_data_ptr<float>(),
          .gain = gain.const_data_ptr<float>(),
          .grad_output = data<Number>(grad_output),
          .grad_sum = data<float>(grad_sum),
          .grad_residual = grad_residual.mutable_data_ptr<float>(),
          .grad_branch = data<Number>(grad_branch),
          .grad_gain = grad_gain.mutable_data_ptr<float>(),
          .grad_shift = grad_shift.mutable_data_ptr<float>()};
      run("residual_norm_gradient",
          args,
          sum,
          [](const auto& a, std::int64_t first, std::int64_t last) {
            kernels::residual_norm_gradient(a, first, last);
          });
    });
    if (gain.size(0) == 1) {
      grad_gain = grad_gain.sum(0, /*keepdim=*/true);
      grad_shift = grad_shift.sum(0, /*keepdim=*/true);
    }
    return {grad_residual, grad_branch, grad_gain, grad_shift, at::Tensor()};
  }
};

bool can_fuse(const at::Tensor& residual, const NormWeights& weights) {
  const bool here = residual.is_cpu() || (residual.is_cuda() && cuda_kernels() != nullptr &&
                                          residual.size(-1) <= kernels::kWidestCudaRow);
  return here && residual.scalar_type() == at::kFloat && residual.dim() == 3 &&
         residual.size(2) % kernels::kLanes == 0 && weights.gain.scalar_type() == at::kFloat &&
         weights.shift.scalar_type() == at::kFloat;
}

}  // namespace

NormWeights weights_of(const torch::nn::LayerNorm& norm) {
  const auto type = at::promote_types(norm->weight.scalar_type(), at::kFloat);
  return {.gain = norm->weight.to(type).unsqueeze(0), .shift = norm->bias.to(type).unsqueeze(0)};
}

ResidualNorm residual_norm(const at::Tensor& residual,
                           const at::Tensor& branch,
                           const NormWeights& weights) {
  if (!can_fuse(residual, weights)) {
    const at::Tensor sum = branch.defined() ? residual + branch : residual;
    const at::Tensor normed = at::layer_norm(sum, {sum.size(-1)});
    return {sum, at::addcmul(weights.shift.unsqueeze(1), normed, weights.gain.unsqueeze(1))};
  }
  const auto device = residual.device().type();
  const bool half = (at::autocast::is_autocast_enabled(device) &&
                     at::autocast::get_autocast_dtype(device) == at::kBFloat16) ||
                    (branch.defined() && branch.scalar_type() == at::kBFloat16);
  const at::ScalarType type = half ? at::kBFloat16 : at::kFloat;
  std::optional<at::Tensor> added;
  if (branch.defined()) added = branch.to(type).contiguous();
  const variable_list result = FusedResidualNorm::apply(
      residual.contiguous(), added, weights.gain.contiguous(), weights.shift.contiguous(), type);
  return {.sum = branch.defined() ? result.front() : residual, .output = result.back()};
}

}  // namespace tessera::nn
