#include <algorithm>
#include <charconv>
#include <filesystem>
#include <iostream>
#include <memory>
#include <sstream>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/flags/exit_code.h"
#include "cli/flags/parse.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "engine/batch_run.h"
#include "engine/image_files.h"
#include "engine/presets.h"
#include "engine/start_picture.h"

namespace tessera::cli {
namespace {

using engine::PromptItem;

struct GenerateFlags {
  std::vector<std::string> words{};    // positional; one prompt
  std::vector<std::string> prompts{};  // -p, one each
  std::string prompt_file{};
  std::string negative_file{};
  std::string seed = "-1";
  std::string preset{};
  int width = 0;
  int height = 0;
  std::string start{};
  std::string mask{};
  double strength = 0;  // 0 = 0.75, or 1 with a mask
  std::string preview = "none";
  int preview_interval = 1;
  std::string preview_path = "preview.png";
  bool no_metadata = false;
  bool json = false;
  bool json_lines = false;
  engine::BatchRun run{};
  engine::EngineOptions model{};
  ConsoleFlags console{};
};

void add_prompt_flags(CLI::App& app, GenerateFlags& f) {
  const std::string group = "Prompt";
  app.add_option("PROMPT", f.words, "what to draw; - reads prompts from standard input");
  app.add_option("-p,--prompt", f.prompts, "the same as a flag; may be repeated")
      ->allow_extra_args(false)
      ->group(group);
  app.add_option(
         "--prompts,--prompt-file", f.prompt_file, "file with a prompt a line, or JSON lines")
      ->group(group);
  auto& request = f.run.base;
  auto* negative =
      app.add_option("-n,--negative,--negative-prompt", request.negative, "what to stay away from")
          ->group(group);
  app.add_option("--negative-file", f.negative_file, "the same, from a file")
      ->excludes(negative)
      ->group(group);
  app.add_flag("--literal",
               request.literal,
               "give the words to the model as they stand, not as a caption of its world")
      ->group(group);
}

void add_sampling_flags(CLI::App& app, GenerateFlags& f) {
  const std::string group = "Sampling";
  auto& request = f.run.base;
  app.add_option("-s,--seed", f.seed, "seed of the first picture; -1 = drawn and reported")
      ->capture_default_str()
      ->group(group);
  app.add_option("--steps", request.sampling.steps, "denoising steps; 0 = the model's own")
      ->capture_default_str()
      ->group(group);
  app.add_option("--preset",
                 f.preset,
                 "instead of --steps: balanced, the model's own; fast, 0.6 of them; fine, twice")
      ->group(group);
  app.add_option("--guidance,--cfg-scale",
                 request.sampling.guidance,
                 "how strongly the words are followed; 1 = off, -1 = the model's own")
      ->capture_default_str()
      ->group(group);
  app.add_option("--path",
                 request.sampling.path,
                 "discrete (codes) or gaussian (latents); left out: the model's first")
      ->check(CLI::IsMember({"discrete", "gaussian"}))
      ->group(group);
  app.add_option("--sampler,--sampling-method",
                 request.sampling.sampler,
                 "how a step is drawn; left out: the model's own")
      ->group(group);
  app.add_option(
         "--truncation,--truncation-rate",
         request.sampling.truncation,
         "kept probability mass, 0.86, top0.86r or top100p; 1 = off; left out: the model's own")
      ->group(group);
  add_field_flags(app, request.sampling.tuning, group);
  app.add_option(
         "-b,--count,--batch-count", request.count, "pictures a prompt; picture k has seed + k")
      ->capture_default_str()
      ->group(group);
  app.add_option("--batch,--batch-size",
                 request.batch,
                 "pictures a forward pass, 0 = by memory; never changes a picture")
      ->capture_default_str()
      ->group(group);
  app.add_option("--rerank",
                 f.run.rerank,
                 "draw so many candidates a picture and keep the one that a CLIP finds closest to "
                 "the words; 0 = off")
      ->capture_default_str()
      ->group(group);
  app.add_option_function<std::string>(
         "--clip",
         [&f](const std::string& path) { f.run.clip = path; },
         "CLIP of --rerank; left out: the shipped one")
      ->group(group);
  app.add_option("-W,--width", f.width, "accepted where it is the model's own")->group(group);
  app.add_option("-H,--height", f.height, "accepted where it is the model's own")->group(group);
}

void add_start_flags(CLI::App& app, GenerateFlags& f) {
  const std::string group = "Starting from a picture";
  auto* start =
      app.add_option("-i,--init-img", f.start, "picture to start from; cropped and resized")
          ->group(group);
  app.add_option("--mask", f.mask, "white = draw anew, black = keep")->needs(start)->group(group);
  app.add_option("--strength",
                 f.strength,
                 "share of the chain that is run, in (0, 1]; left out: 0.75, with a mask 1")
      ->needs(start)
      ->group(group);
}

void add_output_flags(CLI::App& app, GenerateFlags& f) {
  const std::string group = "Output";
  app.add_option("-o,--out,--output",
                 f.run.naming.out,
                 "file, folder or - for standard output; %03d, {seed}, {index}, {prompt}, {date}, "
                 "{time} are filled in; left "
                 "out: output.png or the next free name")
      ->group(group);
  app.add_option("--output-begin-idx", f.run.naming.first_index, "first {index}")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str()
      ->group(group);
  app.add_flag("--overwrite", f.run.naming.overwrite, "replace files that exist")->group(group);
  app.add_option("--grid", f.run.grid, "also one sheet of all pictures with their prompts")
      ->group(group);
  app.add_option("--columns", f.run.columns, "columns of the sheet; 0 = as square as can be")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str()
      ->group(group);
  app.add_flag("--no-metadata,--disable-image-metadata",
               f.no_metadata,
               "leave prompt and settings out of the files")
      ->group(group);
  auto* json =
      app.add_flag("--json", f.json, "one JSON object for the whole run on standard output")
          ->group(group);
  app.add_flag("--jsonl", f.json_lines, "one JSON object a picture, as soon as it is written")
      ->excludes(json)
      ->group(group);
  app.add_option("--preview", f.preview, "keep a picture of the unfinished state up to date: vae")
      ->check(CLI::IsMember({"none", "vae"}))
      ->capture_default_str()
      ->group(group);
  app.add_option("--preview-interval", f.preview_interval, "steps between previews")
      ->check(CLI::PositiveNumber)
      ->capture_default_str()
      ->group(group);
  app.add_option("--preview-path", f.preview_path, "file of the preview")
      ->capture_default_str()
      ->group(group);
}

constexpr const char* kStandardOutput = "/dev/stdout";

std::string standard_input() {
  std::ostringstream text;
  text << std::cin.rdbuf();
  return text.str();
}

/// All prompts of the command line, in the order: words, -p, file.
std::vector<PromptItem> collect_prompts(const GenerateFlags& f, Console& console) {
  std::vector<PromptItem> items;
  const auto add_file = [&](const std::string& text, const std::string& name) {
    engine::PromptFile file = engine::parse_prompts(text, name);
    for (const std::string& warning : file.warnings) console.warn(warning);
    for (PromptItem& item : file.items) items.push_back(std::move(item));
  };
  std::string words;
  for (const std::string& word : f.words) words += (words.empty() ? "" : " ") + word;
  if (f.words.size() == 1 && words == "-") {
    if (isatty(STDIN_FILENO) == 1)
      console.note("reading prompts from the keyboard; Ctrl-D ends them");
    add_file(standard_input(), "standard input");
  } else if (!f.words.empty()) {
    items.push_back({.prompt = words});
  }
  for (const std::string& prompt : f.prompts) items.push_back({.prompt = prompt});
  if (f.prompt_file == "-") {
    add_file(standard_input(), "standard input");
  } else if (!f.prompt_file.empty()) {
    constexpr std::uintmax_t kLargestFile = std::uintmax_t{64} << 20;
    add_file(read_file(f.prompt_file, kLargestFile), f.prompt_file);
  }
  TESSERA_CHECK(!items.empty(),
                kInvalidArgument,
                "say what to draw: tessera generate \"a red apple on a blue background\"");
  return items;
}

std::optional<std::uint64_t> parse_seed(const std::string& text) {
  if (text.starts_with('-') && text.find_first_not_of("0123456789", 1) == std::string::npos)
    return {};
  std::uint64_t seed = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), seed);
  TESSERA_CHECK(failed == std::errc() && end == text.data() + text.size(),
                kInvalidArgument,
                "--seed must be a whole number of at most 64 bits, or -1 for a drawn one; got \"",
                text,
                "\"");
  return seed;
}

void complete_request(GenerateFlags& f, const engine::Engine& engine, Console& console) {
  engine::GenerateRequest& request = f.run.base;
  request.seed = parse_seed(f.seed);
  if (!f.preset.empty()) {
    const engine::Preset& preset = engine::preset_named(f.preset);
    const std::int64_t own =
        engine.resolve({.sampling = {.path = request.sampling.path}}).sampling.steps;
    request.sampling.steps = engine::steps_of(preset, own, engine.describe());
  }
  if (!f.negative_file.empty()) request.negative = read_file(f.negative_file, 1 << 20);
  for (PromptItem& item : f.run.items) {
    if (f.width > 0 && !item.width) item.width = f.width;
    if (f.height > 0 && !item.height) item.height = f.height;
  }
  if (!f.start.empty()) {
    const engine::StartPicture start = engine::read_start(f.start, f.mask, engine.image_side());
    for (const std::string& warning : start.warnings) console.warn(warning);
    request.start = start.start;
    request.mask = start.mask;
    request.strength = f.strength != 0 ? f.strength : f.mask.empty() ? 0.75 : 1.0;
    f.run.extra = start.names;
  }
  if (f.preview == "vae") {
    request.preview_every = f.preview_interval;
    f.run.preview = f.preview_path;
  }
  if (f.run.naming.out == "-") f.run.naming.out = kStandardOutput;
  f.run.metadata = !f.no_metadata;
  f.run.device = f.model.device;
}

/// At most `bytes` bytes of one line, cut between characters.
std::string beginning(const std::string& text, std::size_t bytes) {
  std::size_t end = std::min(text.size(), bytes);
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    --end;
  std::string line = text.substr(0, end);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

/// What is being drawn: told before it is, so that a drawn seed is never lost.
std::string settings_of(const engine::GenerateRequest& request) {
  constexpr std::size_t kLongest = 60;
  const bool cut = request.prompt.size() > kLongest;
  return concat("\"",
                beginning(request.prompt, kLongest),
                cut ? "…\"" : "\"",
                request.caption.empty() ? "" : concat(" read as \"", request.caption, "\""),
                ": seed ",
                *request.seed,
                request.count > 1
                    ? concat(" to ", *request.seed + static_cast<std::uint64_t>(request.count) - 1)
                    : "",
                ", ",
                request.sampling.steps,
                " steps, ",
                request.sampling.sampler,
                ", guidance ",
                request.sampling.guidance);
}

int generate(GenerateFlags& f, std::stop_token stop) {
  Console console(f.console);
  f.run.items = collect_prompts(f, console);
  const auto engine = engine::Engine::open(f.model);
  console.detail(engine->describe());
  complete_request(f, *engine, console);

  std::string records;
  engine::BatchSinks sinks{.progress = console.progress()};
  sinks.started = [&](const engine::GenerateRequest& request) {
    console.note(settings_of(request));
  };
  sinks.warning = [&](const std::string& text) { console.warn(text); };
  sinks.record = [&](const engine::PictureRecord& record) {
    if (record.failed) console.fail(record.message);
    if (f.json_lines) {
      console.result(record.json);
    } else if (f.json) {
      records += (records.empty() ? "\n  " : ",\n  ") + record.json;
    } else if (!record.failed && record.path != kStandardOutput) {
      console.result(record.path.string());
    }
  };
  const engine::BatchSummary summary = engine::run_batch(*engine, f.run, sinks, stop);
  if (f.json) {
    console.result(concat("{\"images\": [",
                          records,
                          "\n], \"written\": ",
                          summary.written,
                          ", \"failed\": ",
                          summary.failed,
                          ", \"cancelled\": ",
                          summary.cancelled ? "true" : "false",
                          ", \"seconds\": ",
                          summary.seconds,
                          "}"));
  }
  std::ostringstream seconds;
  seconds.precision(3);
  seconds << summary.seconds;
  console.note(concat(summary.cancelled ? "stopped: " : "",
                      summary.written,
                      summary.written == 1 ? " picture in " : " pictures in ",
                      seconds.str(),
                      " s"));
  if (summary.failed == 0 || summary.cancelled) return kExitDone;
  return summary.written > 0 ? kExitSome : exit_code(summary.first_error);
}

/// Every long flag can be set by TESSERA_NAME, below the command line and above the settings file.
void name_environment(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    if (option->get_lnames().empty() || option->get_lnames().front() == "help") continue;
    std::string name = "TESSERA_";
    for (const char c : option->get_lnames().front()) {
      name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    option->envname(name);
  }
}

}  // namespace

void add_generate(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("generate", "draw pictures from words");
  const auto flags = std::make_shared<GenerateFlags>();
  add_prompt_flags(*command, *flags);
  add_sampling_flags(*command, *flags);
  add_start_flags(*command, *flags);
  add_output_flags(*command, *flags);
  add_model_flags(*command, flags->model);
  add_published_flags(*command, flags->model);
  add_console_flags(*command, flags->console);
  name_environment(*command);
  command->footer(
      "Examples:\n"
      "  tessera generate \"a red apple on a blue background\"\n"
      "  tessera generate \"a blue fish\" --count 4 --seed 7 --out fish.png --grid fish-sheet.png\n"
      "  tessera generate --prompts prompts.txt --out 'pictures/{index}-{prompt}.png' --jsonl\n"
      "  echo \"a green car --d 3 --s 8\" | tessera generate -\n"
      "  tessera generate \"a pink bird\" --init-img output.png --mask mask.png\n\n"
      "The paths of the pictures are printed on standard output, everything else on standard "
      "error.\n"
      "A prompt file's lines may end in options: --n NEGATIVE --d SEED --s STEPS --l GUIDANCE\n"
      "--ss SAMPLER, or be JSON objects with \"prompt\". Ctrl-C keeps what is finished.");
  command->callback([flags, &action] {
    action = [flags](std::stop_token stop) { return generate(*flags, stop); };
  });
}

}  // namespace tessera::cli
