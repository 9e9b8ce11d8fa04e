#include "bench/gpu/device_bench.h"
#include "core/error.h"

namespace tessera::bench {
template <typename Number>
void time_residual_norm(DeviceBench& bench, NormShape shape) {
  const std::int64_t groups = bench.rows(shape.groups);
  const std::int64_t base_groups = std::min<std::int64_t>(groups, 4);
  const std::int64_t group = shape.rows * shape.width;
  const std::int64_t base = base_groups * group;
  const std::int64_t all = groups * group;
  const std::vector<float> residual = numbers<float>(base, 8, 3);
  const std::vector<Number> branch = numbers<Number>(base, 9, 2);
  const std::vector<float> gain = numbers<float>(base_groups * shape.width, 10, 2);
  const std::vector<Number> grad_output = numbers<Number>(base, 11, 1);
  const std::vector<float> grad_sum = numbers<float>(base, 12, 1);

  constexpr double kNumber = sizeof(Number);
  const double forward_bytes = static_cast<double>(all) * (8 + 2 * kNumber);
  const double backward_bytes = static_cast<double>(all) * (12 + 2 * kNumber);
  const std::int64_t sets = bench.sets(forward_bytes);
  Buffers buffers;
  const auto like = [&](const auto& of) { return buffers.repeated(of, sets * all); };
  const float* gains = buffers.repeated(gain, groups * shape.width);
  kernels::ResidualNorm<Number> forward{.width = shape.width,
                                        .rows_in_group = shape.rows,
                                        .gain_stride = shape.width,
                                        .residual = like(residual),
                                        .branch = like(branch),
                                        .gain = gains,
                                        .shift = gains,
                                        .sum = buffers.room<float>(sets * all),
                                        .output = buffers.room<Number>(sets * all),
                                        .mean = buffers.room<float>(groups * shape.rows),
                                        .inverse = buffers.room<float>(groups * shape.rows)};
  const std::string name = concat(
      "residual_norm ", shape.groups * shape.rows, " x ", shape.width, ", ", kNameOf<Number>);
  const Work ahead{.name = name, .bytes = forward_bytes, .launch = [=](std::int64_t set) {
                     auto here = forward;
                     here.residual += set * all;
                     here.branch += set * all;
                     here.sum += set * all;
                     here.output += set * all;
                     return cuda_kernels().launch(here, groups, nullptr);
                   }};
  DeviceBench::run(ahead);
  std::vector<float> sum(residual.size()), mean(static_cast<std::size_t>(base_groups * shape.rows)),
      inverse(mean.size());
  std::vector<Number> output(residual.size());
  kernels::ResidualNorm<Number> here = forward;
  here.residual = residual.data();
  here.branch = branch.data();
  here.gain = here.shift = gain.data();
  here.sum = sum.data();
  here.output = output.data();
  here.mean = mean.data();
  here.inverse = inverse.data();
  kernels::residual_norm(here, 0, base_groups);
  const double tolerance = std::is_same_v<Number, float> ? 1e-4 : 1.0 / 64;
  bench.report().check_at_most(
      name + ", error", worst(Buffers::first(forward.output, base), output), tolerance);
  for (std::int64_t set = 0; set < sets; ++set) ahead.launch(set);  // every set has its sums
  bench.time(ahead);

  kernels::ResidualNormGradient<Number> backward{
      .width = shape.width,
      .rows_in_group = shape.rows,
      .gain_stride = shape.width,
      .sum = forward.sum,
      .mean = forward.mean,
      .inverse = forward.inverse,
      .gain = gains,
      .grad_output = like(grad_output),
      .grad_sum = like(grad_sum),
      .grad_residual = buffers.room<float>(sets * all),
      .grad_branch = buffers.room<Number>(sets * all),
      .grad_gain = buffers.room<float>(groups * shape.width),
      .grad_shift = buffers.room<float>(groups * shape.width)};
  const Work behind{
      .name = concat("  its gradient"), .bytes = backward_bytes, .launch = [=](std::int64_t set) {
        auto at_set = backward;
        at_set.sum += set * all;
        at_set.grad_output += set * all;
        at_set.grad_sum += set * all;
        at_set.grad_residual += set * all;
        at_set.grad_branch += set * all;
        return cuda_kernels().launch(at_set, groups, nullptr);
      }};
  DeviceBench::run(behind);
  std::vector<float> grad_residual(residual.size()), grad_gain(gain.size()),
      grad_shift(gain.size());
  std::vector<Number> grad_branch(residual.size());
  kernels::ResidualNormGradient<Number> there = backward;
  there.sum = sum.data();
  there.mean = mean.data();
  there.inverse = inverse.data();
  there.gain = gain.data();
  there.grad_output = grad_output.data();
  there.grad_sum = grad_sum.data();
  there.grad_residual = grad_residual.data();
  there.grad_branch = grad_branch.data();
  there.grad_gain = grad_gain.data();
  there.grad_shift = grad_shift.data();
  kernels::residual_norm_gradient(there, 0, base_groups);
  bench.report().check_at_most(
      name + ", error of the gradient",
      std::max(worst(Buffers::first(backward.grad_residual, base), grad_residual),
               worst(Buffers::first(backward.grad_gain, base_groups * shape.width), grad_gain)),
      1e-4);
  bench.time(behind);
}

template void time_residual_norm<float>(DeviceBench& bench, NormShape shape);
template void time_residual_norm<kernels::Bfloat16>(DeviceBench& bench, NormShape shape);

}  // namespace tessera::bench
