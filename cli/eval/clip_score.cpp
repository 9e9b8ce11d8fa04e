#include "engine/clip_score.h"

#include <memory>

#include <CLI/CLI.hpp>

#include "cli/console.h"
#include "cli/eval/eval.h"
#include "cli/flags/exit_code.h"
#include "cli/flags/parse.h"
#include "core/error.h"

namespace tessera::cli {
namespace {

struct ClipScoreFlags {
  engine::ClipEvaluation run{};
  std::uint64_t seed = 0;
  engine::ClipRankingRun ranking{};
  ConsoleFlags console{};
  bool json = false;
};

void add_path(CLI::App& app,
              const char* name,
              std::filesystem::path& path,
              const std::string& help,
              const char* group) {
  app.add_option_function<std::string>(
         name, [&path](const std::string& text) { path = text; }, help)
      ->group(group);
}

int score(ClipScoreFlags& flags, std::stop_token stop) {
  Console console(flags.console);
  flags.run.base.seed = flags.seed;
  const engine::ClipEvaluationReport report =
      engine::evaluate_clip_score(flags.run, console.progress(), stop);
  for (const std::string& problem : report.unreadable) console.fail(problem);
  console.result(flags.json ? report.json : report.table.substr(0, report.table.size() - 1));
  if (!report.cut.empty()) {
    console.note(concat(report.cut.size(), " of ", report.pairs, " texts were too long and cut"));
  }
  if (report.unreadable.empty()) return kExitDone;
  console.note(concat(report.unreadable.size(), " could not be used; ", report.pairs, " scored"));
  return kExitSome;
}

int rank(ClipScoreFlags& flags, std::stop_token stop) {
  Console console(flags.console);
  flags.ranking.clip = flags.run.clip;
  flags.ranking.device = flags.run.model.device;
  flags.ranking.threads = flags.run.model.threads;
  const engine::ClipRankingReport report =
      engine::evaluate_clip_ranking(flags.ranking, console.progress(), stop);
  console.result(flags.json ? report.json : report.table.substr(0, report.table.size() - 1));
  return kExitDone;
}

constexpr const char* kClipHelp =
    "CLIP: a folder of Tessera, transformers or open_clip, or a file such as ViT-B-32.pt; left "
    "out: the shipped small one, which knows emoji-scenes alone";

void add_prompt_flags(CLI::App& app, ClipScoreFlags& flags) {
  constexpr const char* kGroup = "Pictures drawn from prompts";
  add_path(app, "--prompts", flags.run.prompts, "prompt file; its pictures are not kept", kGroup);
  app.add_option("-s,--seed", flags.seed, "seed of each prompt's first picture")
      ->capture_default_str()
      ->group(kGroup);
  app.add_option("-b,--count", flags.run.base.count, "pictures a prompt")
      ->capture_default_str()
      ->group(kGroup);
  add_field_flags(app, flags.run.base.sampling, kGroup);
}

}  // namespace

void add_eval_clip_score(CLI::App& eval, Action& action) {
  CLI::App* command =
      eval.add_subcommand("clip-score", "how well pictures go with their texts, by a CLIP");
  const auto flags = std::make_shared<ClipScoreFlags>();
  add_path(*command,
           "PICTURES",
           flags->run.pictures,
           "folder with NAME.txt beside NAME.png, or a list: JSONL, CSV, COCO captions",
           "Pairs");
  add_path(*command,
           "--texts",
           flags->run.texts,
           "folder of NAME.txt for the pictures NAME.* of the other folder",
           "Pairs");
  add_path(*command,
           "--pairs",
           flags->run.pairs,
           "also the scores of each pair, FILE.jsonl or FILE.csv",
           "Pairs");
  add_path(*command, "--clip", flags->run.clip, kClipHelp, "CLIP");
  add_field_flags(*command, flags->run, "CLIP");
  add_prompt_flags(*command, *flags);
  command->add_flag("--json", flags->json, "one JSON object instead of the table");
  add_model_flags(*command, flags->run.model);
  add_console_flags(*command, flags->console);
  command->footer(
      "Examples:\n"
      "  tessera eval clip-score pictures/\n"
      "  tessera eval clip-score pictures/ --texts captions/ --clip ViT-B-32.pt --json\n"
      "  tessera eval clip-score list.jsonl --pairs scores.csv\n"
      "  tessera eval clip-score --prompts prompts.txt --count 4 --seed 1\n\n"
      "Prints each definition by its name: clipscore-2021 (Hessel), torchmetrics, clip-score\n"
      "(logit scale) and, where pictures have several captions, refclipscore-2021.\n"
      "Exit code 4 where some pictures could not be read.");
  command->callback(
      [flags, &action] { action = [flags](std::stop_token stop) { return score(*flags, stop); }; });
}

void add_eval_clip_retrieval(CLI::App& eval, Action& action) {
  CLI::App* command = eval.add_subcommand(
      "clip-retrieval", "how well a CLIP tells true captions of scenes from wrong ones");
  const auto flags = std::make_shared<ClipScoreFlags>();
  add_path(*command, "--clip", flags->run.clip, kClipHelp, "CLIP");
  add_field_flags(*command, flags->ranking, "Scenes");
  command->add_flag("--json", flags->json, "one JSON object instead of the table");
  command->add_option("--device", flags->run.model.device, "cpu, cuda, cuda:N or auto")
      ->capture_default_str();
  command->add_option("-t,--threads", flags->run.model.threads, "threads; 0 = one a physical core")
      ->capture_default_str();
  add_console_flags(*command, flags->console);
  command->footer(
      "Examples:\n"
      "  tessera eval clip-retrieval --count 2000 --seed 1\n"
      "  tessera eval clip-retrieval --clip runs/clip --split heldout:direction --json\n\n"
      "Swapped captions are wrong in one attribute: colour, noun, position, direction, binding,\n"
      "count, size or place. Retrieval is among --pool pictures or captions.");
  command->callback(
      [flags, &action] { action = [flags](std::stop_token stop) { return rank(*flags, stop); }; });
}

}  // namespace tessera::cli
