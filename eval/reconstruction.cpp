#include "eval/reconstruction.h"

#include <cmath>
#include <limits>

#include <ATen/ATen.h>

#include "eval/image_quality.h"
#include "eval/mean_text.h"
#include "eval/text_table.h"
#include "vqvae/vqvae.h"

namespace tessera::eval {
namespace {

/// Mean of the rows' numbers under `name`; null where no row has one.
io::Json mean_of_rows(const Records& records, const char* name) {
  std::vector<double> values;
  for (const auto& [index, row] : records.rows) {
    const auto found = row.find(name);
    if (found != row.end() && found->is_number()) values.push_back(found->get<double>());
  }
  if (values.empty()) return nullptr;
  io::Json out = mean_json(values);
  out["pictures"] = values.size();
  return out;
}

}  // namespace

ReconstructionMeter::ReconstructionMeter(const pipeline::Pipeline& pipeline, const Lpips* lpips)
    : pipeline_(pipeline),
      lpips_(lpips),
      counts_(at::zeros({pipeline.facts().codec.codebook_size}, at::kLong)) {}

ReconstructionMeter::Judged ReconstructionMeter::judge(const at::Tensor& images) {
  const at::Tensor codes = pipeline_.encode(images);
  counts_ += vqvae::count_codes(codes, counts_.numel()).cpu();
  Judged out{.images = (levels_of(pipeline_.decode(codes)) / 127.5 - 1).to(at::kFloat)};
  const at::Tensor decibels = psnr(images, out.images);
  const at::Tensor likeness = ssim(images, out.images);
  const at::Tensor distance =
      lpips_ == nullptr ? at::Tensor() : lpips_->distance(images, out.images);
  for (std::int64_t row = 0; row < images.size(0); ++row) {
    out.qualities.push_back({.psnr = decibels[row].item<double>(),
                             .ssim = likeness[row].item<double>(),
                             .lpips = lpips_ == nullptr ? std::numeric_limits<double>::quiet_NaN()
                                                        : distance[row].item<double>(),
                             .codes = std::get<0>(at::_unique(codes[row])).numel()});
  }
  return out;
}

io::Json record_of(std::int64_t index, const std::string& picture, const PictureQuality& quality) {
  return {{"index", index},
          {"source", picture},
          {"psnr", number_or_null(quality.psnr)},
          {"ssim", quality.ssim},
          {"lpips", number_or_null(quality.lpips)},
          {"codes", quality.codes}};
}

io::Json reconstruction_report(const Records& records, const at::Tensor& counts) {
  const vqvae::CodeUse use = vqvae::code_use(counts);
  std::int64_t equal = 0;
  for (const auto& [index, row] : records.rows) equal += row.at("psnr").is_null() ? 1 : 0;
  return {{"pictures", records.rows.size()},
          {"equal", equal},
          {"psnr", mean_of_rows(records, "psnr")},
          {"ssim", mean_of_rows(records, "ssim")},
          {"lpips", mean_of_rows(records, "lpips")},
          {"codes",
           {{"codebook", counts.numel()},
            {"used", use.used},
            {"perplexity", use.perplexity},
            {"entropy_bits", std::log2(use.perplexity)},
            {"tokens", counts.sum().item<std::int64_t>()}}}};
}

std::string reconstruction_table(const io::Json& report) {
  TextTable qualities({"measure", "mean", "error", "95 % interval"});
  qualities.add(mean_row("PSNR, dB", report.at("psnr"), 2));
  qualities.add(mean_row("SSIM", report.at("ssim"), 4));
  qualities.add(mean_row("LPIPS", report.at("lpips"), 4));
  const io::Json& codes = report.at("codes");
  TextTable use({"codes", "of", "tokens", "perplexity", "bits a token"});
  use.add({std::to_string(codes.at("used").get<std::int64_t>()),
           std::to_string(codes.at("codebook").get<std::int64_t>()),
           std::to_string(codes.at("tokens").get<std::int64_t>()),
           fixed_text(codes.at("perplexity"), 1),
           fixed_text(codes.at("entropy_bits"), 3)});
  return qualities.text() + "\n" + use.text();
}

}  // namespace tessera::eval
