#include "eval/gaussian_bits.h"

#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "eval/intervals.h"
#include "eval/mean_text.h"
#include "eval/text_table.h"

namespace tessera::eval {
namespace {

std::vector<double> in_bits(const std::vector<double>& nats, double scale) {
  std::vector<double> bits;
  for (const double each : nats) bits.push_back(each / std::numbers::ln2 * scale);
  return bits;
}

}  // namespace

void GaussianBits::add(const diffusion::BoundTerms& terms, std::int64_t dimensions) {
  if (strides_.empty()) {
    for (const diffusion::TimeStep& time : terms.plan) {
      strides_.push_back({.from = time.from, .to = time.to});
    }
    dimensions_ = dimensions;
  }
  TESSERA_CHECK(dimensions == dimensions_ && terms.plan.size() == strides_.size(),
                kShapeMismatch,
                "pictures of ",
                dimensions_,
                " numbers in ",
                strides_.size(),
                " strides were measured, now come ",
                dimensions,
                " in ",
                terms.plan.size());
  const at::Tensor prior = terms.prior.to(at::kCPU, at::kDouble);
  const at::Tensor all = terms.terms.to(at::kCPU, at::kDouble);
  const at::Tensor errors = terms.squared_error.to(at::kCPU, at::kDouble);
  for (std::int64_t row = 0; row < prior.size(0); ++row) {
    prior_.push_back(prior[row].item<double>());
    for (std::int64_t i = 0; i < std::ssize(strides_); ++i) {
      Stride& stride = strides_[static_cast<std::size_t>(i)];
      stride.term.push_back(all[row][i].item<double>());
      stride.squared_error.push_back(errors[row][i].item<double>());
    }
  }
}

io::Json GaussianBits::report() const {
  std::vector<double> denoising(prior_.size(), 0.0);
  std::vector<double> total = prior_;
  io::Json times = io::Json::array();
  for (const Stride& stride : strides_) {
    for (std::size_t k = 0; k < total.size(); ++k) {
      total[k] += stride.term[k];
      if (stride.to > 0) denoising[k] += stride.term[k];
    }
    const io::Json term = mean_json(in_bits(stride.term, 1.0));
    times.push_back({{"t", stride.from},
                     {"s", stride.to},
                     {"samples", stride.term.size()},
                     {"bits_per_dimension", term.at("mean")},
                     {"error", term.at("error")},
                     {"x0_rmse", std::sqrt(mean_of(stride.squared_error).value)}});
  }
  const std::vector<double> decoding = strides_.empty() ? prior_ : strides_.back().term;
  return {{"pictures", prior_.size()},
          {"of", what_},
          {"dimensions", dimensions_},
          {"calls_per_picture", strides_.size()},
          {"bits_per_dimension", mean_json(in_bits(total, 1.0))},
          {"bits_per_picture", mean_json(in_bits(total, static_cast<double>(dimensions_)))},
          {"terms_per_dimension",
           {{"prior", mean_json(in_bits(prior_, 1.0))},
            {"denoising", mean_json(in_bits(denoising, 1.0))},
            {"decoding", mean_json(in_bits(decoding, 1.0))}}},
          {"times", times}};
}

std::string gaussian_bits_table(const io::Json& report) {
  TextTable sums({"bits", "mean", "error", "95 % interval"});
  sums.add(mean_row("a dimension (" + report.at("of").get<std::string>() + ")",
                    report.at("bits_per_dimension"),
                    4));
  for (const auto& [name, mean] : report.at("terms_per_dimension").items()) {
    sums.add(mean_row("  " + name, mean, 4));
  }
  sums.add(mean_row("a picture", report.at("bits_per_picture"), 1));
  TextTable times(
      {"from t", "to", "samples", "term, bits a dimension", "error", "rms error of x_0"});
  const io::Json& rows = report.at("times");
  const std::size_t stride = std::max<std::size_t>(1, (rows.size() + 10) / 11);
  for (std::size_t k = 0; k < rows.size(); ++k) {
    if (k % stride != 0 && k + 1 != rows.size()) continue;
    times.add({std::to_string(rows[k].at("t").get<std::int64_t>()),
               std::to_string(rows[k].at("s").get<std::int64_t>()),
               std::to_string(rows[k].at("samples").get<std::int64_t>()),
               fixed_text(rows[k].at("bits_per_dimension"), 4),
               fixed_text(rows[k].at("error"), 4),
               fixed_text(rows[k].at("x0_rmse"), 4)});
  }
  return sums.text() + "\n" + times.text();
}

}  // namespace tessera::eval
