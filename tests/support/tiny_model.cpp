#include "tests/support/tiny_model.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "diffusion/denoisers/transformer.h"
#include "io/json_fields.h"
#include "io/state_dict.h"
#include "nn/rng.h"
#include "text/token_table.h"

namespace tessera::test {
namespace fs = std::filesystem;
namespace {

class WordTokenizer final : public text::Tokenizer {
 public:
  text::Tokens encode(std::span<const std::string> prompts, std::int64_t length) const override {
    text::Tokens tokens{.length = length};
    for (const std::string& prompt : prompts) {
      std::vector<std::int32_t> row = {text::kBegin};
      std::istringstream words(prompt);
      std::string cut;
      std::vector<std::string> unknown;
      for (std::string word; words >> word;) {
        if (static_cast<std::int64_t>(row.size()) == length - 1) {
          cut += (cut.empty() ? "" : " ") + word;
          continue;
        }
        row.push_back(id_of(word));
        if (row.back() == text::kUnknown) unknown.push_back(word);
      }
      row.push_back(text::kEnd);
      tokens.lengths.push_back(static_cast<std::int32_t>(row.size()));
      row.resize(static_cast<std::size_t>(length), text::kPad);
      tokens.ids.insert(tokens.ids.end(), row.begin(), row.end());
      tokens.cut.push_back(cut);
      tokens.unknown.push_back(unknown);
    }
    return tokens;
  }
  std::string decode(std::span<const std::int32_t> ids) const override {
    std::string text;
    for (const std::int32_t id : ids) {
      if (id > text::kEnd)
        text += (text.empty() ? "" : " ") + tiny_words()[static_cast<std::size_t>(id - 4)];
    }
    return text;
  }
  std::int64_t vocabulary_size() const override {
    return static_cast<std::int64_t>(tiny_words().size()) + 4;
  }

 private:
  static std::int32_t id_of(const std::string& word) {
    const auto& words = tiny_words();
    const auto found = std::find(words.begin(), words.end(), word);
    return found == words.end() ? text::kUnknown
                                : static_cast<std::int32_t>(found - words.begin()) + 4;
  }
};

struct Options {
  vqvae::VqVaeOptions codec{};
  text::TextEncoderOptions text_encoder{};
  diffusion::TransformerOptions transformer{};
  diffusion::TransitionOptions transition{};
};

Options options_of(const TinySizes& sizes) {
  const vqvae::VqVaeOptions codec{.resolution = sizes.resolution,
                                  .unshuffle = 2,
                                  .base_channels = 8,
                                  .channel_multipliers = {1},
                                  .residual_blocks = 1,
                                  .decoder_blocks = 1,
                                  .codebook_size = sizes.codes,
                                  .code_dim = 4};
  return {.codec = codec,
          .text_encoder = {.vocabulary = static_cast<std::int64_t>(tiny_words().size()) + 4,
                           .length = sizes.text_length,
                           .width = sizes.width,
                           .layers = 1,
                           .heads = sizes.heads},
          .transformer = {.codes = sizes.codes,
                          .grid_height = codec.grid(),
                          .grid_width = codec.grid(),
                          .width = sizes.width,
                          .layers = sizes.layers,
                          .heads = sizes.heads,
                          .mlp_ratio = 2,
                          .condition_width = sizes.width,
                          .condition_length = sizes.text_length,
                          .steps = sizes.steps},
          .transition = {.steps = sizes.steps}};
}

/// The same ids as the word tokenizer's, for words without punctuation.
std::vector<text::PieceEntry> token_table() {
  using text::PieceKind;
  std::vector<text::PieceEntry> entries = {{"<pad>", 0, PieceKind::kControl},
                                           {"<unk>", 0, PieceKind::kUnk},
                                           {"<bos>", 0, PieceKind::kControl},
                                           {"<eos>", 0, PieceKind::kControl}};
  for (const std::string& word : tiny_words()) {
    entries.push_back({std::string(text::kSpaceMark) + word, -1.0f, PieceKind::kNormal});
  }
  return entries;
}

void fill(at::Tensor& tensor, const std::string& name, std::uint64_t seed, std::int64_t index) {
  if (!tensor.is_floating_point()) return;
  const at::Tensor noise =
      nn::Rng::of_run(seed, index, 1).normal(Purpose::kInit, 0, tensor.sizes()).squeeze(0);
  if (tensor.dim() <= 1) {
    const bool scale = name.ends_with("weight");
    tensor.copy_(0.1 * noise + (scale ? 1.0 : 0.0));
  } else {
    const auto inputs = static_cast<double>(tensor.numel() / tensor.size(0));
    tensor.copy_(noise / std::sqrt(inputs));
  }
}

}  // namespace

const std::vector<std::string>& tiny_words() {
  static const std::vector<std::string> words = {
      "a", "an", "apple", "background", "bird", "blue", "car", "fish", "green", "on", "red", "the"};
  return words;
}

std::unique_ptr<const text::Tokenizer> make_word_tokenizer() {
  return std::make_unique<WordTokenizer>();
}

void randomise(torch::nn::Module& module, std::uint64_t seed) {
  const at::NoGradGuard no_grad;
  std::int64_t index = 0;
  for (auto& item : module.named_parameters()) fill(item.value(), item.key(), seed, index++);
  for (auto& item : module.named_buffers()) fill(item.value(), item.key(), seed, index++);
}

pipeline::Parts make_tiny_parts(const TinySizes& sizes) {
  const Options options = options_of(sizes);
  pipeline::Parts parts;
  parts.codec = std::make_shared<vqvae::VqVaeImpl>(options.codec);
  randomise(*parts.codec, sizes.seed);
  parts.tokenizer = make_word_tokenizer();
  parts.text_encoder = text::make_text_encoder(options.text_encoder);
  randomise(*parts.text_encoder, sizes.seed + 1);
  parts.text_length = sizes.text_length;
  parts.denoiser = diffusion::make_transformer(options.transformer);
  randomise(*parts.denoiser, sizes.seed + 2);
  parts.transition = diffusion::make_transition(options.transition, sizes.codes);
  return parts;
}

void write_tiny_model(const fs::path& folder, const TinySizes& sizes, TinyType type) {
  const Options options = options_of(sizes);
  const pipeline::Parts parts = make_tiny_parts(sizes);
  const auto write = [&](const char* part, const auto& fields, const torch::nn::Module* module) {
    fs::create_directories(folder / part);
    io::write_json(folder / part / "config.json", io::to_json_fields(fields));
    if (module == nullptr) return;
    const io::StateDict state = io::state_of(*module);
    io::write_safetensors(folder / part / "model.safetensors",
                          type == TinyType::kBFloat16 ? io::cast(state, at::kBFloat16) : state);
  };
  write(pipeline::kVqVaePart, options.codec, parts.codec.get());
  write(pipeline::kTextEncoderPart, options.text_encoder, parts.text_encoder.get());
  write(pipeline::kTransformerPart, options.transformer, parts.denoiser.get());
  write(pipeline::kSchedulerPart, options.transition, nullptr);
  fs::create_directories(folder / pipeline::kTokenizerPart);
  text::write_token_table(folder / pipeline::kTokenizerPart / "tokens.tsv", token_table());
  pipeline::write_model_card(folder, tiny_card());
}

pipeline::ModelCard tiny_card() {
  pipeline::ModelCard card;
  card.name = "tiny";
  card.description = "random weights, for tests";
  card.sampling = {.steps = 5, .sampler = "ancestral", .guidance = 2.0, .truncation = "1"};
  card.parts = {pipeline::kVqVaePart,
                pipeline::kTransformerPart,
                pipeline::kTextEncoderPart,
                pipeline::kSchedulerPart,
                pipeline::kTokenizerPart};
  return card;
}

}  // namespace tessera::test
