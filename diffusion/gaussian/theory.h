#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "diffusion/gaussian/schedule.h"
#include "diffusion/gaussian/variance.h"

namespace tessera::diffusion {

// Exact numbers of chains on scalar data, float64 on the host: what samplers, bounds and trained
// networks are measured against. Variances: index t of a vector of T + 1 entries, entry 0 unused.

/// One coordinate of Gaussian data.
struct NormalLaw {
  double mean = 0.0;
  double variance = 1.0;  // > 0
};

/// Var(x_t) = alpha_bar v + 1 - alpha_bar.
double noised_variance(const GaussianSchedule& schedule, std::int64_t t, double variance);
/// Var(x_0 | x_t) = v (1 - alpha_bar) / Var(x_t).
double data_variance_given(const GaussianSchedule& schedule, std::int64_t t, double variance);
/// Reverse variances sigma^2_t: "large" and "small" (both beta~_2 at t = 1), "best" (beta~ + c0^2
/// Var(x_0|x_t)) and "beta" (beta_t at every t).
std::vector<double> reverse_variances(const GaussianSchedule& schedule,
                                      const std::string& kind,
                                      double data_variance);

/// The exact bound of Gaussian data with the best network, nats; terms[t] = L_{t-1}, terms[1] =
/// L_0.
struct ExactBound {
  std::vector<double> terms{};
  double prior = 0.0;
  double first() const { return terms.at(1); }  // L_0
  double middle() const;                        // sum over t >= 2
  double total() const { return first() + middle() + prior; }
};
ExactBound exact_bound(const GaussianSchedule& schedule,
                       const NormalLaw& data,
                       const std::vector<double>& variances);

/// Law of the ancestral sampler's output with the best network of Gaussian data; start N(0, 1).
/// `variances` as above, zeros = no noise; the last step adds variances[1] only where `last_noise`.
enum class LastNoise : unsigned char { kNone, kKept };
NormalLaw sampler_law(const GaussianSchedule& schedule,
                      const NormalLaw& data,
                      const std::vector<double>& variances,
                      LastNoise last);
/// The same of DDIM over ascending times (in 1..T) with eta; eta < 0: the published "large" noise.
NormalLaw ddim_law(const GaussianSchedule& schedule,
                   const NormalLaw& data,
                   const std::vector<std::int64_t>& times,
                   double eta);
/// By what DDIM's inversion multiplies a data point of N(0, v), and its decoding what that gives.
struct InversionFactors {
  double encode = 0.0;
  double decode = 0.0;
};
InversionFactors inversion_factors(const GaussianSchedule& schedule,
                                   double variance,
                                   const std::vector<std::int64_t>& times);

/// KL(N(a) || N(b)), nats, and the squared Frechet distance of two normal laws.
double normal_divergence(const NormalLaw& a, const NormalLaw& b);
double frechet_distance(const NormalLaw& a, const NormalLaw& b);
double normal_entropy(double variance);  // nats

/// Entropy bounds of the reverse step of Gaussian data (Sohl-Dickstein 2015, appendix A), nats.
struct EntropyBounds {
  double lower = 0.0;
  double exact = 0.0;
  double upper = 0.0;
};
EntropyBounds entropy_bounds(const GaussianSchedule& schedule, std::int64_t t, double variance);

/// A finite set of scalar values.
struct FiniteLaw {
  std::vector<double> values{};         // ascending
  std::vector<double> probabilities{};  // sum to 1
};
double entropy_bits(const FiniteLaw& law);
/// E Var(x_0 | x_t), by quadrature over x_t (relative error about 1e-10).
double finite_data_error(const GaussianSchedule& schedule, const FiniteLaw& law, std::int64_t t);
/// The same for every t: T + 1 entries, entry 0 is 0.
std::vector<double> finite_data_errors(const GaussianSchedule& schedule, const FiniteLaw& law);

/// The bound of 8-bit pixel data with the best network, bits.
struct FiniteBound {
  double first = 0.0;   // L_0, variance beta~_2
  double middle = 0.0;  // sum L_{t-1}
  double prior = 0.0;   // L_T
  double total() const { return first + middle + prior; }
};
/// `errors` as finite_data_errors answers; `kind` "large", "small" or "best" (scalar) variances.
FiniteBound finite_bound(const GaussianSchedule& schedule,
                         const FiniteLaw& law,
                         const std::vector<double>& errors,
                         const std::string& kind);

}  // namespace tessera::diffusion
