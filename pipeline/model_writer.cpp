#include "pipeline/model_writer.h"

#include <ATen/ATen.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "io/json_fields.h"
#include "pipeline/published/diffusers_writer.h"
#include "vqvae/codebook_averages.h"

namespace tessera::pipeline {
namespace fs = std::filesystem;
namespace {

class TesseraWriter final : public ModelWriter {
 public:
  TesseraWriter(fs::path folder, at::ScalarType type) : folder_(std::move(folder)), type_(type) {}

  void check(const diffusion::TransformerOptions& /*options*/) const override {}

  void denoiser(const diffusion::TransformerOptions& options, io::StateDict ours) override {
    write(kTransformerPart, io::to_json_fields(options), ours);
  }

  void codec(vqvae::VqVaeImpl& codec) override {
    io::StateDict ours = io::state_of(codec);
    vqvae::drop_codebook_averages(ours.tensors);
    write(kVqVaePart, io::to_json_fields(codec.options()), ours);
  }

  void text_encoder(const text::ClipTextOptions& options, const io::StateDict& ours) override {
    io::Json config = {{"kind", kClipKind}};
    config.update(io::to_json_fields(options));
    write(kTextEncoderPart, config, ours);
  }

  void chain(const diffusion::TransitionOptions& options) override {
    io::write_json(part(kSchedulerPart) / "config.json", io::to_json_fields(options));
  }

  void tokenizer(const TokenizerFiles& files) override {
    const fs::path to = part(kTokenizerPart);
    for (const auto& [name, bytes] : files) write_file_atomically(to / name, bytes);
  }

  void card(ModelCard card) override {
    card.parts = parts_;
    card.hashes.clear();
    write_model_card(folder_, card);
  }

 private:
  fs::path part(const char* name) {
    parts_.emplace_back(name);
    fs::create_directories(folder_ / name);
    return folder_ / name;
  }

  void write(const char* name, const io::Json& config, const io::StateDict& ours) {
    const fs::path to = part(name);
    io::write_json(to / "config.json", config);
    io::write_safetensors(to / "model.safetensors", io::cast(ours, type_));
  }

  fs::path folder_;
  at::ScalarType type_;
  std::vector<std::string> parts_{};
};

}  // namespace

std::unique_ptr<ModelWriter> make_model_writer(ModelLayout layout,
                                               const fs::path& folder,
                                               at::ScalarType type) {
  switch (layout) {
    case ModelLayout::kTessera:
      return std::make_unique<TesseraWriter>(folder, type);
    case ModelLayout::kDiffusers:
      return make_diffusers_writer(folder, type);
    case ModelLayout::kMicrosoft:
      break;
  }
  TESSERA_THROW(kInvalidArgument, "checkpoints of the original code are read, not written");
}

}  // namespace tessera::pipeline
