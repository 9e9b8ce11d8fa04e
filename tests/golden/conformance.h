#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "io/json_fields.h"
#include "io/state_dict.h"

namespace tessera::golden {

/// The recorded file that a case holds Tessera to, and the folder it lies in.
struct Recorded {
  std::filesystem::path root{};  // the folder of manifest.json
  std::string file{};            // relative to root, as the manifest lists it
  double tolerance = 1e-5;       // of |a - b| over max(1, max|b|)

  std::filesystem::path path() const { return root / file; }
  std::filesystem::path folder() const { return path().parent_path(); }
  /// The tensors of `path()`.
  const io::StateDict& tensors() const;
  /// One of them; throws kNotFound naming the file and the tensor.
  at::Tensor operator[](const std::string& name) const;
  bool has(const std::string& name) const;

  mutable io::StateDict read_{};  // what tensors() has read
};

/// What one case found out. Every comparison counts; the worst one is printed.
class Report {
 public:
  /// Largest |actual - expected| over max(1, max|expected|), held to `tolerance`. Shapes must be
  /// equal; equal infinities are no difference; NaN is a failure.
  void close(const std::string& what,
             const at::Tensor& actual,
             const at::Tensor& expected,
             double tolerance);
  /// Every element the same, of any type.
  void equal(const std::string& what, const at::Tensor& actual, const at::Tensor& expected);
  void check(const std::string& what, bool holds);

  std::int64_t compared() const { return compared_; }
  double worst_error() const { return worst_error_; }
  double worst_tolerance() const { return worst_tolerance_; }
  const std::vector<std::string>& failures() const { return failures_; }

 private:
  std::int64_t compared_ = 0;
  double worst_error_ = 0;  // of the comparison that came closest to its tolerance
  double worst_tolerance_ = 0;
  std::vector<std::string> failures_{};
};

/// Recorded files whose path fits `pattern` ("*" = any run of characters) are held to by `run`;
/// null: the file is an input of other cases, there is nothing to compare.
struct Case {
  std::string_view pattern{};
  void (*run)(const Recorded&, Report&) = nullptr;
};

// One list a family, each in its own file; conformance.cpp joins them. The first pattern that fits
// is taken, so a narrow one stands before a wide one.
std::span<const Case> chain_cases();     // analytic/, posteriors: chain_cases.cpp
std::span<const Case> text_cases();      // tokens, text states: text_cases.cpp
std::span<const Case> codec_cases();     // vqvae, codecs: codec_cases.cpp
std::span<const Case> denoiser_cases();  // log p(x_0 | x_t), losses: denoiser_cases.cpp
std::span<const Case> sampling_cases();  // trajectories on recorded noise: sampling_cases.cpp
std::span<const Case> clip_cases();      // both towers, pictures, scores: clip_cases.cpp
std::span<const Case> metric_cases();    // distances between sets of pictures: metric_cases.cpp

}  // namespace tessera::golden
