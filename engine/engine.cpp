#include "engine/engine.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <mutex>
#include <random>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include "core/error.h"
#include "engine/image_convert.h"
#include "engine/inpainting.h"
#include "engine/models.h"
#include "engine/prompt_text.h"
#include "engine/token_convert.h"
#include "io/json_fields.h"
#include "io/utf8.h"
#include "nn/device.h"
#include "pipeline/paths.h"
#include "pipeline/pipeline.h"

namespace tessera::engine {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::uint64_t draw_seed() {
  std::random_device device;
  return device();  // 32 bits: short to read, to type and to share
}

pipeline::LoadOptions load_options(const EngineOptions& options, at::Device device) {
  const pipeline::DrawingPrecision precision =
      pipeline::drawing_precision_on(device, options.precision);
  return {.type = precision.type,
          .products = precision.products,
          .averaged = pipeline::averaged_weights(options.weights),
          .codec = options.codec,
          .index_map = options.index_map};
}

class TesseraEngine final : public Engine {
 public:
  explicit TesseraEngine(const EngineOptions& options)
      : folder_(resolve_model(options.model)),
        device_(
            (nn::set_threads(std::max(options.threads, 0)), nn::resolve_device(options.device))),
        pipeline_(pipeline::load_pipeline(folder_, device_, load_options(options, device_))),
        text_(folder_, *pipeline_, options.tokenizer),
        options_(options) {}

  GenerateRequest resolve(const GenerateRequest& request) const override;
  GenerateResult generate(const GenerateRequest& request,
                          const Watch& watch,
                          std::stop_token stop) override;
  Reconstruction reconstruct(const Image& image) override;
  TokenGrid tokenise(const Image& image) override;
  Image paint(const TokenGrid& grid) override;

  std::vector<std::string> samplers() const override {
    return pipeline::sampler_names(pipeline_->facts().path);
  }
  std::vector<std::string> paths() const override;
  std::vector<std::string> samplers_of(const std::string& path) const override {
    return pipeline::sampler_names(path_of(path));
  }
  std::int32_t image_side() const override {
    return static_cast<std::int32_t>(pipeline_->facts().codec.resolution);
  }
  std::int32_t downsampling() const override {
    return static_cast<std::int32_t>(pipeline_->facts().codec.downsample());
  }
  std::string provenance() const override { return provenance_json("").dump(); }
  std::string provenance_of(const std::string& path) const override {
    return provenance_json(path_of(path)).dump();
  }
  std::string describe() const override;

 private:
  /// What draws on one of the model's paths; another than the first is loaded when it is asked for.
  struct Way {
    std::unique_ptr<const pipeline::Pipeline> pipeline{};
    std::unique_ptr<const PromptText> text{};
  };
  struct WayView {
    const pipeline::Pipeline& pipeline;
    const PromptText& text;
  };
  WayView way_of(const std::string& path) const;
  std::string path_of(const std::string& wanted) const;
  io::Json provenance_json(const std::string& path) const;
  std::int32_t batch_by_memory() const;
  void check_size(const Image& image, const char* what) const;
  void check_sides(const Image& image) const;
  void show_tokens(const pipeline::StepView& view, std::int32_t first, const TokenSink& sink) const;

  std::mutex one_at_a_time_;
  std::filesystem::path folder_;
  at::Device device_;
  std::unique_ptr<const pipeline::Pipeline> pipeline_;
  PromptText text_;
  EngineOptions options_;
  mutable std::mutex opening_{};
  mutable std::map<std::string, Way> others_{};
};

std::vector<std::string> TesseraEngine::paths() const {
  std::vector<std::string> paths = pipeline_->card().paths();
  if (paths.empty()) paths = {pipeline_->facts().path};
  return paths;
}

std::string TesseraEngine::path_of(const std::string& wanted) const {
  const std::string& first = pipeline_->facts().path;
  return wanted == first ? first : pipeline::path_of(pipeline_->card(), wanted);
}

TesseraEngine::WayView TesseraEngine::way_of(const std::string& wanted) const {
  const std::string path = path_of(wanted);
  if (path == pipeline_->facts().path) return {*pipeline_, text_};
  const std::lock_guard lock(opening_);
  Way& way = others_[path];
  if (!way.text) {
    pipeline::LoadOptions options = load_options(options_, device_);
    options.path = path;
    way.pipeline = pipeline::load_pipeline(folder_, device_, options);
    way.text = std::make_unique<const PromptText>(folder_, *way.pipeline, options_.tokenizer);
  }
  return {*way.pipeline, *way.text};
}

void TesseraEngine::check_size(const Image& image, const char* what) const {
  TESSERA_CHECK(image.width == image_side() && image.height == image_side(),
                kInvalidArgument,
                "the ",
                what,
                " picture is ",
                image.width,
                "x",
                image.height,
                "; this model needs ",
                image_side(),
                "x",
                image_side());
}

GenerateRequest TesseraEngine::resolve(const GenerateRequest& request) const {
  GenerateRequest resolved = request;
  resolved.prompt = io::repaired_utf8(request.prompt);
  resolved.negative = io::repaired_utf8(request.negative);
  resolved.caption = request.literal ? std::string() : text_.caption_of(resolved.prompt);
  resolved.sampling = way_of(request.sampling.path).pipeline.resolve(request.sampling);
  TESSERA_CHECK(request.count >= 1 && request.count <= 100'000,
                kInvalidArgument,
                "count must be in 1..100000, got ",
                request.count);
  TESSERA_CHECK(request.batch >= 0 && request.batch <= 4096,
                kInvalidArgument,
                "batch must be in 0..4096 (0 = by memory), got ",
                request.batch);
  TESSERA_CHECK(request.preview_every >= 0,
                kInvalidArgument,
                "preview_every must be 0 (off) or more, got ",
                request.preview_every);
  if (request.start) check_size(*request.start, "start");
  if (request.mask) check_size(*request.mask, "mask");
  TESSERA_CHECK(
      !request.mask || request.start, kInvalidArgument, "a mask needs a picture to start from");
  TESSERA_CHECK(request.strength > 0.0 && request.strength <= 1.0,
                kInvalidArgument,
                "strength must be above 0 and at most 1, got ",
                request.strength);
  if (!request.start) resolved.strength = 1.0;
  if (resolved.batch == 0) resolved.batch = batch_by_memory();
  resolved.batch = std::min(resolved.batch, resolved.count);
  if (!resolved.seed) resolved.seed = draw_seed();
  return resolved;
}

/// On the processor pictures pass the network one at a time whatever the batch is, so one at a time
/// finishes pictures soonest. Elsewhere as many as fit with their logits, of both guidance halves
/// and a few copies, a modest share of memory.
std::int32_t TesseraEngine::batch_by_memory() const {
  if (device_.is_cpu()) return 1;
  constexpr double kBudget = 4e9;
  constexpr double kMost = 64;
  const pipeline::PipelineFacts& facts = pipeline_->facts();
  const double tokens = static_cast<double>(facts.codec.grid() * facts.codec.grid());
  const double bytes = 2 * tokens * static_cast<double>(facts.codec.codebook_size) * 4 * 6;
  return static_cast<std::int32_t>(std::clamp(kBudget / bytes, 1.0, kMost));
}

GenerateResult TesseraEngine::generate(const GenerateRequest& request,
                                       const Watch& watch,
                                       std::stop_token stop) {
  const std::lock_guard lock(one_at_a_time_);
  const auto begin = Clock::now();
  GenerateResult result{.resolved = resolve(request)};
  const GenerateRequest& wanted = result.resolved;
  const WayView way = way_of(wanted.sampling.path);
  const PromptTokens tokens = way.text.encode(wanted, request);
  result.warnings = tokens.warnings;
  const Inpainting inpainting(way.pipeline, wanted);
  if (inpainting.keeps_everything()) {
    result.warnings.push_back("the mask is black everywhere: nothing is going to change");
  }
  for (const std::string& warning : result.warnings) {
    if (watch.warning) watch.warning(warning);
  }
  result.text_seconds = seconds_since(begin);

  const auto denoise_begin = Clock::now();
  const std::int32_t batches = (wanted.count + wanted.batch - 1) / wanted.batch;
  for (std::int32_t first = 0; first < wanted.count; first += wanted.batch) {
    const std::int32_t rows = std::min(wanted.batch, wanted.count - first);
    std::vector<std::uint64_t> seeds;
    for (std::int32_t k = 0; k < rows; ++k) {
      seeds.push_back(*wanted.seed + static_cast<std::uint64_t>(first + k));
    }
    auto denoised = Clock::now();
    const pipeline::StepHook on_step = [&](const pipeline::StepView& view) {
      denoised = Clock::now();
      if (watch.progress) {
        watch.progress({.stage = "denoise",
                        .step = view.step + view.total * (first / wanted.batch),
                        .total = view.total * batches,
                        .seconds = seconds_since(denoise_begin),
                        .value = std::numeric_limits<double>::quiet_NaN()});
      }
      if (watch.tokens && view.codes) show_tokens(view, first, watch.tokens);
      if (!watch.preview || wanted.preview_every == 0 || view.step == view.total) return;
      if (view.step % wanted.preview_every != 0) return;
      const std::vector<Image> previews = to_engine_images(view.decode());
      for (std::int32_t k = 0; k < rows; ++k) {
        watch.preview(
            previews[static_cast<std::size_t>(k)], first + k, static_cast<std::int32_t>(view.step));
      }
    };
    const auto batch_begin = Clock::now();
    pipeline::Sampled sampled;
    try {
      sampled = way.pipeline.sample(tokens.wanted.rows_of(rows),
                                    tokens.unwanted.rows_of(rows),
                                    wanted.sampling,
                                    inpainting.start(rows),
                                    {.rng = nn::Rng::of_seeds(seeds)},
                                    on_step,
                                    stop);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kCancelled) throw;
      result.cancelled = true;
      break;
    }
    for (Image& image : to_engine_images(sampled.images)) {
      inpainting.restore(image);
      if (watch.finished) {
        watch.finished(image, static_cast<std::int32_t>(result.images.size()));
      }
      result.images.push_back(std::move(image));
    }
    result.denoise_seconds += std::chrono::duration<double>(denoised - batch_begin).count();
    result.decode_seconds += seconds_since(denoised);
  }
  return result;
}

void TesseraEngine::check_sides(const Image& image) const {
  const std::int32_t s = downsampling();
  TESSERA_CHECK(
      image.width > 0 && image.height > 0 && image.width % s == 0 && image.height % s == 0,
      kInvalidArgument,
      "both sides must be multiples of ",
      s,
      ", got ",
      image.width,
      "x",
      image.height);
}

/// Each picture of the batch; `first` is the number of the batch's first one.
void TesseraEngine::show_tokens(const pipeline::StepView& view,
                                std::int32_t first,
                                const TokenSink& sink) const {
  const vqvae::VqVaeOptions& codec = pipeline_->facts().codec;
  const auto side = static_cast<std::int32_t>(codec.grid());
  const pipeline::CodeView state = view.codes();
  for (std::int64_t row = 0; row < state.codes.size(0); ++row) {
    TokenGrid grid = to_token_grid(state.codes[row].view({side, side}), codec.codebook_size);
    const at::Tensor sure = state.confidence[row].to(at::kCPU, at::kFloat).contiguous();
    grid.confidence.assign(sure.const_data_ptr<float>(),
                           sure.const_data_ptr<float>() + sure.numel());
    sink(grid, first + static_cast<std::int32_t>(row), static_cast<std::int32_t>(view.step));
  }
}

Engine::Reconstruction TesseraEngine::reconstruct(const Image& image) {
  const std::lock_guard lock(one_at_a_time_);
  check_sides(image);
  const at::Tensor codes = pipeline_->encode(to_tensor(image));
  Reconstruction done{.image = to_engine_images(pipeline_->decode(codes)).front(),
                      .codes = std::get<0>(at::_unique(codes)).numel(),
                      .tokens = codes.numel(),
                      .grid = to_token_grid(codes[0], pipeline_->facts().codec.codebook_size)};
  done.psnr = psnr(image, done.image);
  return done;
}

TokenGrid TesseraEngine::tokenise(const Image& image) {
  const std::lock_guard lock(one_at_a_time_);
  check_sides(image);
  return to_token_grid(pipeline_->encode(to_tensor(image))[0],
                       pipeline_->facts().codec.codebook_size);
}

Image TesseraEngine::paint(const TokenGrid& grid) {
  const std::lock_guard lock(one_at_a_time_);
  const at::Tensor codes = to_codes(grid, pipeline_->facts().codec.codebook_size);
  return to_engine_images(pipeline_->decode(codes)).front();
}

io::Json TesseraEngine::provenance_json(const std::string& path) const {
  const pipeline::ModelCard& card = pipeline_->card();
  io::Json json = {{"width", image_side()}, {"height", image_side()}};
  json["rng"] = "philox4x32-10";
  json["model"] = {{"name", card.name}, {"sha256", card.fingerprint(path)}};
  json["tokenizer"] = {{"kind", text_.kind()}, {"sha256", text_.hash()}};
  json["program"] = "tessera";
  json["version"] = TESSERA_VERSION;
  json["libtorch"] = TORCH_VERSION;
  json["cpu_capability"] = at::get_cpu_capability();
  json["threads"] = at::get_num_threads();
  json["device"] = device_.str();
  json["dtype"] = options_.precision;
  return json;
}

std::string TesseraEngine::describe() const {
  const pipeline::ModelCard& card = pipeline_->card();
  const pipeline::PipelineFacts& facts = pipeline_->facts();
  io::Json json = {{"folder", folder_.string()},
                   {"name", card.name},
                   {"license", card.license},
                   {"description", card.description},
                   {"parts", card.parts}};
  json["parameters"] = facts.parameters;
  json["image_side"] = image_side();
  json["tokens"] = facts.codec.grid() * facts.codec.grid();
  json["codes"] = facts.codec.codebook_size;
  if (facts.generates()) {
    json["steps_trained"] = facts.chain_steps;
    json["text_length"] = facts.text_length;
    json["sampling"] = io::to_json_fields(card.sampling);
    json["samplers"] = samplers();
    json["paths"] = io::Json::object();
    for (const std::string& path : paths()) {
      const bool gaussian = path == pipeline::kGaussianPath;
      json["paths"][path] = {
          {"sha256", card.fingerprint(path)},
          {"sampling", io::to_json_fields(gaussian ? card.gaussian_sampling : card.sampling)},
          {"samplers", samplers_of(path)}};
    }
  }
  json["world"] = card.has_world ? io::to_json_fields(card.world) : io::Json(nullptr);
  json.update(provenance_json(""));
  return json.dump(2, ' ', false, io::Json::error_handler_t::replace);
}

}  // namespace

std::unique_ptr<Engine> Engine::open(const EngineOptions& options) {
  return std::make_unique<TesseraEngine>(options);
}

}  // namespace tessera::engine
