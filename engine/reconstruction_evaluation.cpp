#include "engine/reconstruction_evaluation.h"

#include <chrono>
#include <optional>

#include <ATen/ATen.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "engine/evaluation_pictures.h"
#include "engine/image_convert.h"
#include "engine/image_files.h"
#include "engine/models.h"
#include "engine/output_names.h"
#include "eval/image_quality.h"
#include "eval/reconstruction.h"
#include "io/json_fields.h"
#include "nn/device.h"
#include "pipeline/pipeline.h"

namespace tessera::engine {
namespace fs = std::filesystem;
namespace {

std::optional<eval::Lpips> open_lpips(const ReconstructionEvaluation& request, at::Device device) {
  TESSERA_CHECK(request.lpips_backbone.empty() == request.lpips_heads.empty(),
                kInvalidArgument,
                "LPIPS needs two files: the weights of AlexNet or VGG16, and the linear heads of "
                "that network; only one is given");
  if (request.lpips_backbone.empty()) return std::nullopt;
  return eval::Lpips::load({.backbone = request.lpips_backbone, .heads = request.lpips_heads},
                           device);
}

/// Side of the squares that go through the codec.
std::int32_t side_of(const ReconstructionEvaluation& request, const vqvae::VqVaeOptions& codec) {
  const std::int64_t side = request.resolution == 0 ? codec.resolution : request.resolution;
  TESSERA_CHECK(side >= codec.downsample() && side <= 2048 && side % codec.downsample() == 0,
                kInvalidArgument,
                "resolution must be a multiple of ",
                codec.downsample(),
                " up to 2048 for this codec, got ",
                side);
  return static_cast<std::int32_t>(side);
}

/// A whole evaluation, picture after picture.
class Run {
 public:
  Run(const ReconstructionEvaluation& request,
      const std::function<void(const std::string&)>& warn,
      const ProgressSink& progress)
      : request_(request), warn_(warn), progress_(progress) {
    TESSERA_CHECK(
        request_.batch >= 1, kInvalidArgument, "batch must be at least 1, got ", request_.batch);
    nn::set_threads(request_.model.threads);
    const at::Device device = nn::resolve_device(request_.model.device);
    lpips_ = open_lpips(request_, device);
    pipeline_ =
        pipeline::load_pipeline(resolve_model(request_.model.model),
                                device,
                                {.type = pipeline::scalar_type(request_.model.precision),
                                 .averaged = pipeline::averaged_weights(request_.model.weights),
                                 .codec = request_.model.codec,
                                 .index_map = request_.model.index_map});
    side_ = side_of(request_, pipeline_->facts().codec);
    pictures_ = open_pictures({.path = request_.input,
                               .split = request_.split,
                               .seed = request_.seed,
                               .count = request_.count},
                              pipeline_->card());
    meter_.emplace(*pipeline_, lpips_ ? &*lpips_ : nullptr);
    records_.header = {
        {"schema", "tessera.records/1"}, {"kind", "reconstruction"}, {"settings", settings()}};
  }

  ReconstructionReport operator()(const std::stop_token& stop) {
    const auto begun = std::chrono::steady_clock::now();
    const auto seconds = [&] {
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    };
    for (std::int64_t index = 0; index < pictures_->size(); ++index) {
      TESSERA_CHECK(!stop.stop_requested(), kCancelled, "stopped after ", index, " pictures");
      read(index);
      if (std::ssize(waiting_) < request_.batch && index + 1 < pictures_->size()) continue;
      judge();
      if (progress_) {
        progress_({.stage = "reconstruct",
                   .step = index + 1,
                   .total = pictures_->size(),
                   .seconds = seconds()});
      }
    }
    if (first_error_ && records_.rows.empty()) throw *first_error_;
    return answer(seconds());
  }

 private:
  struct Waiting {
    std::int64_t index = 0;
    at::Tensor image{};  // [1, 3, S, S] in [-1, 1]
  };

  io::Json settings() const {
    io::Json out = {{"model", pipeline_->card().name},
                    {"model_sha256", pipeline_->card().fingerprint()},
                    {"input", request_.input.empty() ? "scenes" : request_.input.string()},
                    {"resolution", side_},
                    {"fit", request_.fit},
                    {"ssim", eval::kSsimDefinition},
                    {"lpips", lpips_ ? io::Json(lpips_->definition()) : io::Json()}};
    if (request_.input.empty()) out.update({{"split", request_.split}, {"seed", request_.seed}});
    return out;
  }

  void read(std::int64_t index) {
    try {
      const Image whole = image_of_bytes(pictures_->load(index));
      waiting_.push_back({.index = index, .image = to_tensor(fitted(whole, side_, request_.fit))});
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kInvalidArgument) throw;  // of the request, not the picture
      if (!first_error_) first_error_ = error;
      unreadable_.push_back({.name = pictures_->name(index), .message = error.what()});
      if (warn_) warn_(error.what());
    }
  }

  void judge() {
    if (waiting_.empty()) return;
    std::vector<at::Tensor> images;
    for (const Waiting& each : waiting_) images.push_back(each.image);
    const eval::ReconstructionMeter::Judged judged = meter_->judge(at::cat(images));
    const std::vector<Image> back =
        request_.pictures.empty() ? std::vector<Image>{} : to_engine_images(judged.images);
    for (std::size_t row = 0; row < waiting_.size(); ++row) {
      const std::int64_t index = waiting_[row].index;
      io::Json record = eval::record_of(index, pictures_->name(index), judged.qualities[row]);
      if (!request_.pictures.empty()) {
        const fs::path file = request_.pictures / eval::picture_name(index);
        write_png(file, back[row]);
        record["picture"] = eval::picture_beside(request_.records, file);
      }
      records_.rows.emplace(index, std::move(record));
    }
    waiting_.clear();
  }

  ReconstructionReport answer(double seconds) {
    io::Json report = eval::reconstruction_report(records_, meter_->counts());
    report["unreadable"] = io::Json::array();
    for (const UnreadablePicture& each : unreadable_) {
      report["unreadable"].push_back({{"picture", each.name}, {"error", each.message}});
    }
    report["settings"] = records_.header["settings"];
    report["seconds"] = seconds;
    ReconstructionReport out{.unreadable = std::move(unreadable_)};
    out.report.judged = std::ssize(records_.rows);
    out.report.json = report.dump(2, ' ', false, io::Json::error_handler_t::replace);
    out.report.table = eval::reconstruction_table(report);
    out.report.records = eval::records_text(records_);
    return out;
  }

  const ReconstructionEvaluation& request_;
  const std::function<void(const std::string&)>& warn_;
  const ProgressSink& progress_;
  std::optional<eval::Lpips> lpips_{};
  std::unique_ptr<const pipeline::Pipeline> pipeline_{};
  std::int32_t side_ = 0;
  std::unique_ptr<const eval::PictureSet> pictures_{};
  std::optional<eval::ReconstructionMeter> meter_{};
  std::vector<Waiting> waiting_{};
  eval::Records records_{};
  std::vector<UnreadablePicture> unreadable_{};
  std::optional<Error> first_error_{};
};

}  // namespace

ReconstructionReport evaluate_reconstruction(const ReconstructionEvaluation& request,
                                             const std::function<void(const std::string&)>& warn,
                                             const ProgressSink& progress,
                                             std::stop_token stop) {
  if (!request.records.empty()) {
    prepare_folders({request.records});
    TESSERA_CHECK(request.overwrite || !fs::exists(request.records),
                  kInvalidArgument,
                  request.records.string(),
                  ": is there already; --overwrite replaces it");
  }
  if (!request.pictures.empty()) prepare_folders({request.pictures / "picture"});
  ReconstructionReport done = Run(request, warn, progress)(stop);
  if (!request.records.empty()) write_file_atomically(request.records, done.report.records);
  return done;
}

}  // namespace tessera::engine
