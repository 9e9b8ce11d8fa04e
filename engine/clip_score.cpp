#include "engine/clip_score.h"

#include <chrono>
#include <sstream>

#include <ATen/ATen.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/log.h"
#include "engine/clip_open.h"
#include "engine/clip_pairs.h"
#include "engine/models.h"
#include "engine/output_names.h"
#include "engine/prompt_file.h"
#include "eval/clip/preprocess.h"
#include "eval/clip/score.h"
#include "eval/records.h"
#include "eval/text_table.h"
#include "io/image/codecs.h"
#include "io/json_fields.h"
#include "nn/device.h"

namespace tessera::engine {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;

/// A pair whose picture has been read and brought to the tower's size.
struct Waiting {
  std::string picture{};  // how its record names it
  eval::ScoredText text{};
  at::Tensor pixels{};  // [3, S, S]
};

at::Tensor bytes_of(std::int32_t height, std::int32_t width, const std::vector<std::uint8_t>& rgb) {
  return at::tensor(rgb, at::kByte).view({height, width, 3});
}

/// Pairs come one by one and are scored by the batch.
class Scoring {
 public:
  Scoring(const ClipEvaluation& run, const ProgressSink& progress, std::stop_token stop)
      : run_(run),
        open_(open_clip(run.clip, run.model.device)),
        progress_(progress),
        stop_(std::move(stop)) {}

  std::int64_t total = 0;

  void add(const std::string& picture, eval::ScoredText text, const at::Tensor& bytes) {
    waiting_.push_back(
        {picture, std::move(text), eval::clip_picture(bytes, open_.clip.model->options())});
    if (std::ssize(waiting_) >= run_.batch) flush();
  }

  void miss(const std::string& problem, const Error* error) {
    report_.unreadable.push_back(problem);
    if (error != nullptr && !first_error_) first_error_ = *error;
  }

  ClipEvaluationReport finish(io::Json settings);

 private:
  void flush();
  io::Json header(const io::Json& settings) const {
    return {{"schema", "tessera.records/1"}, {"kind", "clip-score"}, {"settings", settings}};
  }
  void write_pairs(const io::Json& settings) const;
  std::string table() const;

  const ClipEvaluation& run_;
  OpenClip open_;
  const ProgressSink& progress_;
  std::stop_token stop_;
  Clock::time_point begun_ = Clock::now();
  std::vector<Waiting> waiting_{};
  std::vector<eval::PairScore> scores_{};
  std::vector<io::Json> rows_{};
  ClipEvaluationReport report_{};
  std::optional<Error> first_error_{};
};

void Scoring::flush() {
  if (waiting_.empty()) return;
  TESSERA_CHECK(!stop_.stop_requested(), kCancelled, "stopped after ", scores_.size(), " pairs");
  std::vector<at::Tensor> pixels;
  std::vector<eval::ScoredText> texts;
  for (Waiting& each : waiting_) {
    pixels.push_back(each.pixels);
    texts.push_back(each.text);
  }
  const eval::ScoredBatch batch =
      eval::score_pairs(*open_.clip.model, *open_.tokenizer, at::stack(pixels), texts);
  for (std::size_t k = 0; k < waiting_.size(); ++k) {
    io::Json row{
        {"index", rows_.size()}, {"picture", waiting_[k].picture}, {"text", waiting_[k].text.text}};
    row.update(eval::pair_score_json(batch.pairs[k]));
    if (!batch.cut[k].empty()) {
      row["cut"] = batch.cut[k];
      if (report_.cut.empty()) {
        log_warning(concat("\"",
                           waiting_[k].text.text,
                           "\" is too long for the CLIP's ",
                           open_.clip.model->options().text.length,
                           " tokens; left out: \"",
                           batch.cut[k],
                           "\"; further ones are counted"));
      }
      report_.cut.push_back(waiting_[k].text.text);
    }
    rows_.push_back(std::move(row));
    scores_.push_back(batch.pairs[k]);
  }
  waiting_.clear();
  if (!progress_) return;
  const std::chrono::duration<double> spent = Clock::now() - begun_;
  progress_(
      {.stage = "score", .step = std::ssize(scores_), .total = total, .seconds = spent.count()});
}

/// A field of comma-separated text.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string csv_of(const std::vector<io::Json>& rows) {
  std::ostringstream out;
  out.precision(9);
  out << "index,picture,text,cosine,prefixed_cosine";
  for (const std::string_view name : eval::kClipScoreNames) out << ',' << name;
  out << '\n';
  for (const io::Json& row : rows) {
    out << row["index"].get<std::size_t>() << ',' << quoted(row["picture"].get<std::string>())
        << ',' << quoted(row["text"].get<std::string>());
    for (const char* key : {"cosine", "prefixed_cosine"}) out << ',' << row[key].get<double>();
    for (const std::string_view name : eval::kClipScoreNames) {
      out << ',';
      const auto found = row.find(std::string(name));
      if (found != row.end()) out << found->get<double>();
    }
    out << '\n';
  }
  return out.str();
}

void Scoring::write_pairs(const io::Json& settings) const {
  if (run_.pairs.empty()) return;
  if (run_.pairs.extension() == ".csv") {
    write_file_atomically(run_.pairs, csv_of(rows_));
    return;
  }
  eval::Records records{.header = header(settings)};
  for (std::size_t k = 0; k < rows_.size(); ++k) {
    records.rows.emplace(static_cast<std::int64_t>(k), rows_[k]);
  }
  write_file_atomically(run_.pairs, eval::records_text(records));
}

std::string Scoring::table() const {
  const auto shown = [](double value) {
    std::ostringstream out;
    out.precision(4);
    out << std::fixed << value;
    return out.str();
  };
  eval::TextTable table({"score", "mean", "standard error", "pairs"});
  for (std::size_t k = 0; k < eval::kClipScoreNames.size(); ++k) {
    const eval::MeanScore mean = eval::mean_score(scores_, static_cast<eval::ClipScore>(k));
    if (mean.pairs == 0) continue;
    table.add({std::string(eval::kClipScoreNames[k]),
               shown(mean.mean),
               mean.error ? shown(*mean.error) : "-",
               std::to_string(mean.pairs)});
  }
  return table.text();
}

ClipEvaluationReport Scoring::finish(io::Json settings) {
  flush();
  if (scores_.empty() && first_error_) throw Error(*first_error_);
  TESSERA_CHECK(!scores_.empty(), kNotFound, "there is no picture to score");
  const eval::ClipOptions& o = open_.clip.model->options();
  io::Json clip{{"name", open_.clip.name},
                {"sha256", open_.clip.sha256},
                {"resolution", o.vision.resolution},
                {"patch", o.vision.patch},
                {"text_length", o.text.length},
                {"logit_scale", open_.clip.model->scale().item<double>()}};
  settings["clip"] = clip;
  write_pairs(settings);
  report_.pairs = std::ssize(scores_);
  io::Json json{{"pairs", report_.pairs}, {"scores", eval::mean_scores_json(scores_)}};
  json["cut_texts"] = report_.cut.size();
  json["unreadable"] = report_.unreadable;
  json["settings"] = std::move(settings);
  const std::chrono::duration<double> spent = Clock::now() - begun_;
  json["seconds"] = spent.count();
  report_.json = json.dump(2, ' ', false, io::Json::error_handler_t::replace);
  report_.table = table();
  return std::move(report_);
}

void score_files(Scoring& scoring, const ClipEvaluation& run) {
  ClipPairs found = clip_pairs(run.pictures, run.texts);
  for (const std::string& problem : found.problems) scoring.miss(problem, nullptr);
  scoring.total = std::ssize(found.pairs);
  for (ClipPair& pair : found.pairs) {
    try {
      const io::RgbImage image = io::read_image(pair.picture);
      scoring.add(pair.picture.string(),
                  std::move(pair.text),
                  bytes_of(image.height, image.width, image.pixels));
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kCorruptFile && error.code() != ErrorCode::kNotFound &&
          error.code() != ErrorCode::kIo) {
        throw;
      }
      scoring.miss(error.what(), &error);
    }
  }
}

void score_prompts(Scoring& scoring,
                   const ClipEvaluation& run,
                   const ProgressSink& progress,
                   const std::stop_token& stop) {
  constexpr std::uintmax_t kLargestFile = std::uintmax_t{64} << 20;
  const PromptFile file = parse_prompts(read_file(run.prompts, kLargestFile), run.prompts.string());
  for (const std::string& warning : file.warnings) log_warning(warning);
  const auto engine = Engine::open(run.model);
  std::vector<GenerateRequest> requests;
  for (const PromptItem& item : file.items) {
    requests.push_back(engine->resolve(with_item(run.base, item, engine->image_side())));
    scoring.total += requests.back().count;
  }
  for (const GenerateRequest& request : requests) {
    Watch watch{.progress = progress};
    watch.finished = [&](const Image& image, std::int32_t k) {
      scoring.add(concat("seed ", *request.seed + static_cast<std::uint64_t>(k)),
                  {.text = request.prompt},
                  bytes_of(image.height, image.width, image.pixels));
    };
    const bool cancelled = engine->generate(request, watch, stop).cancelled;
    TESSERA_CHECK(!cancelled, kCancelled, "stopped while pictures were drawn");
  }
}

void check(const ClipEvaluation& run) {
  TESSERA_CHECK(run.batch >= 1, kInvalidArgument, "batch must be at least 1, got ", run.batch);
  TESSERA_CHECK(run.pictures.empty() != run.prompts.empty(),
                kInvalidArgument,
                "name pictures or a prompt file, one of the two");
  TESSERA_CHECK(run.texts.empty() || !run.pictures.empty(),
                kInvalidArgument,
                "texts are of pictures: name their folder too");
  const std::string ending = run.pairs.extension().string();
  TESSERA_CHECK(run.pairs.empty() || ending == ".jsonl" || ending == ".csv",
                kInvalidArgument,
                "the scores of pairs are written as .jsonl or .csv, got ",
                run.pairs.string());
}

}  // namespace

ClipEvaluationReport evaluate_clip_score(const ClipEvaluation& run,
                                         const ProgressSink& progress,
                                         std::stop_token stop) {
  check(run);
  nn::set_threads(run.model.threads);
  if (!run.pairs.empty()) prepare_folders({run.pairs});
  Scoring scoring(run, progress, stop);
  io::Json settings = io::Json::object();
  if (run.prompts.empty()) {
    settings["pictures"] = run.pictures.string();
    if (!run.texts.empty()) settings["texts"] = run.texts.string();
    score_files(scoring, run);
  } else {
    settings["prompts"] = run.prompts.string();
    settings["model"] = resolve_model(run.model.model).string();
    score_prompts(scoring, run, progress, stop);
  }
  return scoring.finish(std::move(settings));
}

}  // namespace tessera::engine
