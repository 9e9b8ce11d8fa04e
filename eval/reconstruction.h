#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "eval/lpips.h"
#include "eval/records.h"
#include "pipeline/pipeline.h"

namespace tessera::eval {

/// What became of one picture on its way through the codec.
struct PictureQuality {
  double psnr = 0;         // dB, infinite where no level changed
  double ssim = 0;         // kSsimDefinition
  double lpips = 0;        // NaN where there are no weights for it
  std::int64_t codes = 0;  // different codes in it
};

/// Passes pictures through a codec and back and keeps count of the codes.
class ReconstructionMeter {
 public:
  /// Both must outlive it; `lpips` may be null.
  ReconstructionMeter(const pipeline::Pipeline& pipeline, const Lpips* lpips);

  struct Judged {
    at::Tensor images{};  // [B, 3, H, W] in [-1, 1] on the CPU: what came back
    std::vector<PictureQuality> qualities{};
  };
  /// Pictures [B, 3, H, W] in [-1, 1] whose sides the codec can cut into cells.
  Judged judge(const at::Tensor& images);

  /// How often each code was met, [K] int64 on the CPU.
  const at::Tensor& counts() const { return counts_; }

 private:
  const pipeline::Pipeline& pipeline_;
  const Lpips* lpips_;
  at::Tensor counts_;
};

/// A row for the records: index, picture, psnr (null where infinite), ssim, lpips (null without
/// weights), codes.
io::Json record_of(std::int64_t index, const std::string& picture, const PictureQuality& quality);

/// "pictures", "equal" (pictures that came back unchanged; they do not count for psnr), "psnr",
/// "ssim" and "lpips", each with mean, error and the ends of mean ± 1.96 errors, or null; and
/// "codes". docs/formats/eval.md.
/// `counts` [K] as the meter has them.
io::Json reconstruction_report(const Records& records, const at::Tensor& counts);
std::string reconstruction_table(const io::Json& report);

}  // namespace tessera::eval
