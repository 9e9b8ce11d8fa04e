// Tokens and text states: of the diffusers layout and of the original package.

#include <ATen/ATen.h>

#include "io/formats/torch_file.h"
#include "pipeline/published/clip_text_names.h"
#include "pipeline/published/microsoft_checkpoint.h"
#include "tests/golden/conformance.h"
#include "text/tokenizers/clip_bpe.h"

namespace tessera::golden {
namespace {
namespace fs = std::filesystem;

constexpr const char* kVocabulary = "clip-bpe/bpe_simple_vocab_16e6.txt.gz";
constexpr double kHalfTolerance = 5e-3;  // of states that the reference computed in float16

std::vector<std::string> texts(const io::Json& list) {
  return list.get<std::vector<std::string>>();
}

/// The 48 prompts of the recorded folder, which the original package was given too.
std::vector<std::string> recorded_prompts(const Recorded& r) {
  return texts(io::read_json(r.root / "diffusers-expected/prompts.json").at("prompts"));
}

at::Tensor ids_of(const text::Tokenizer& tokenizer,
                  const std::vector<std::string>& prompts,
                  std::int64_t length) {
  const text::Tokens rows = tokenizer.encode(prompts, length);
  return at::tensor(rows.ids, at::kLong).view({rows.rows(), length});
}

void diffusers_tokens(const Recorded& r, Report& report) {
  const std::vector<std::string> prompts = recorded_prompts(r);
  const std::int64_t length = r["original"].size(1);
  // A set may leave out the folder's two files, which say the same as OpenAI's one.
  const fs::path own = r.root / "diffusers-tiny/tokenizer";
  const fs::path folder = fs::exists(own) ? own : r.root / kVocabulary;
  for (const fs::path& files : {r.root / kVocabulary, folder}) {
    const auto tokenizer = text::load_clip_tokenizer(files);
    report.equal("original, " + files.filename().string(),
                 ids_of(*tokenizer, prompts, length),
                 r["original"]);
  }
  const auto original = text::load_clip_tokenizer(folder);
  const text::Tokens rows = original->encode(prompts, length);
  report.equal("lengths", at::tensor(rows.lengths, at::kLong), r["original_length"]);
  const at::Tensor too_long = r["original_untruncated_length"].gt(length);
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    report.check("words cut of prompt " + std::to_string(i),
                 rows.cut[i].empty() != too_long[static_cast<std::int64_t>(i)].item<bool>());
  }
  const auto faulty = text::load_clip_tokenizer(folder, {.quirks = text::kHuggingFaceQuirks});
  report.equal("hf_pipeline", ids_of(*faulty, prompts, length), r["hf_pipeline"]);
}

void microsoft_tokens(const Recorded& r, Report& report) {
  const auto tokenizer =
      text::load_clip_tokenizer(r.root / kVocabulary, {.quirks = text::kMicrosoftQuirks});
  report.equal("token", ids_of(*tokenizer, recorded_prompts(r), r["token"].size(1)), r["token"]);
}

/// Prompts of the recorded runs, whose ids lie with the noise.
void run_prompts(const Recorded& r, Report& report) {
  const auto tokenizer = text::load_clip_tokenizer(r.root / kVocabulary);
  const io::Json lists = io::read_json(r.path());
  for (const auto& [name, list] : lists.items()) {
    const Recorded noise{.root = r.root,
                         .file = "diffusers-expected/trajectory-" + name + "-noise.safetensors"};
    const at::Tensor expected = noise["input_ids"];
    report.equal(name, ids_of(*tokenizer, texts(list), expected.size(1)), expected);
  }
}

/// States with and without the division by their length; float32 weights.
void compare_states(const Recorded& r, Report& report, const fs::path& encoder) {
  const fs::path config = encoder / "config.json";
  text::ClipTextOptions options =
      pipeline::clip_text_options(io::read_json(config), config.string());
  const bool pickled = fs::exists(encoder / "pytorch_model.bin");
  const fs::path file = encoder / (pickled ? "pytorch_model.bin" : "model.safetensors");
  const io::StateDict state = io::read_state_dict(file);
  const auto names =
      pipeline::clip_text_names(options, pipeline::clip_text_naming(state, file.string()));
  const std::string what = encoder.parent_path().filename().string() + ": ";
  for (const bool normalise : {true, false}) {
    options.normalise = normalise;
    const auto module = text::make_clip_encoder(options);
    pipeline::load_published(*module, state, names, file.string());
    const char* expected = normalise ? "normalised" : "last_hidden_state";
    report.close(what + expected, module->encode(r["input_ids"]).tokens, r[expected], r.tolerance);
    const io::StateDict back = pipeline::to_published(io::state_of(*module), names);
    for (const auto& [name, tensor] : back.tensors) {
      report.equal(what + name, tensor, state.tensors.at(name));
    }
  }
}

void diffusers_text(const Recorded& r, Report& report) {
  compare_states(r, report, r.root / "diffusers-tiny/text_encoder");
  compare_states(r, report, r.root / "diffusers-tiny-bin/text_encoder");
}

void microsoft_text(const Recorded& r, Report& report) {
  const fs::path file = r.folder() / "checkpoint.pth";
  const auto checkpoint = pipeline::microsoft_checkpoint(io::read_torch_file(file), file.string());
  const io::StateDict state = pipeline::part_of(checkpoint.effective, "transformer.condition_emb.");
  const text::ClipTextOptions options = pipeline::clip_text_options(state, file.string());
  const auto names =
      pipeline::clip_text_names(options, pipeline::clip_text_naming(state, file.string()));
  const auto module = text::make_clip_encoder(options);
  pipeline::load_published(*module, state, names, file.string());
  const at::Tensor ids = r["token"];
  const at::Tensor full = module->encode(ids).tokens;
  report.close("float32", full, r["features_float32_run"], r.tolerance);
  report.close("float32 to the float16 run", full, r["features_float16_run"], kHalfTolerance);
  module->to(at::kHalf);
  report.close("float16", module->encode(ids).tokens, r["features_float16_run"], kHalfTolerance);

  const auto tokenizer =
      text::load_clip_tokenizer(r.root / kVocabulary, {.vocabulary = options.vocabulary});
  for (std::int64_t row = 0; row < ids.size(0); ++row) {
    const at::Tensor narrow = ids[row].to(at::kInt).contiguous();
    const auto count = static_cast<std::size_t>(narrow.numel());
    const std::string prompt = tokenizer->decode({narrow.const_data_ptr<std::int32_t>(), count});
    report.equal(
        "ids of \"" + prompt + "\"", ids_of(*tokenizer, {prompt}, ids.size(1))[0], ids[row]);
  }
}

constexpr Case kTextCases[] = {
    {"diffusers-expected/tokens.safetensors", diffusers_tokens},
    {"diffusers-expected/text.safetensors", diffusers_text},
    {"diffusers-expected/prompts.json", nullptr},
    {"diffusers-expected/trajectory-prompts.json", run_prompts},
    {"microsoft-*/tokens.safetensors", microsoft_tokens},
    {"microsoft-*/expected-text.safetensors", microsoft_text},
};

}  // namespace

std::span<const Case> text_cases() {
  return kTextCases;
}

}  // namespace tessera::golden
