#include "engine/batch_run.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "engine/record.h"
#include "engine/rerank.h"
#include "io/json_fields.h"

namespace tessera::engine {
namespace {

using io::Json;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// One prompt of the run after its settings have been looked at.
struct Job {
  const PromptItem* item = nullptr;
  GenerateRequest request{};       // resolved
  std::optional<Error> refused{};  // why it cannot be drawn
  std::int64_t first = 0;          // index of its first picture
};

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

class Runner {
 public:
  Runner(Engine& engine, const BatchRun& run, const BatchSinks& sinks)
      : engine_(engine), run_(run), sinks_(sinks) {}

  BatchSummary operator()(std::stop_token stop) {
    const auto begin = Clock::now();
    plan();
    for (const Job& job : jobs_) {
      if (summary_.cancelled || stop.stop_requested()) {
        summary_.cancelled = true;
        break;
      }
      draw(job, stop);
    }
    if (!sheet_.empty()) write_png(run_.grid, contact_sheet(std::move(sheet_), run_.columns));
    summary_.seconds = seconds_since(begin);
    return summary_;
  }

 private:
  void plan();
  void draw(const Job& job, std::stop_token stop);
  void fail(const Job& job, const Error& error);
  /// One picture of a job: its place in it, and how far its seed is from the job's first.
  struct Kept {
    std::int64_t place = 0;
    std::int64_t seed = 0;
    std::string rerank{};  // JSON of how it was chosen; "" = it was the only one
  };
  void finish_picture(const Job& job, const Image& image, const Kept& kept, double seconds);
  Kept choose(const Job& job, std::int64_t place);
  std::int64_t candidates() const { return std::max<std::int64_t>(run_.rerank, 1); }
  void warn(const PromptItem& item, const std::string& warning) const;
  Json record_of(const Job& job) const;

  Engine& engine_;
  const BatchRun& run_;
  const BatchSinks& sinks_;
  std::vector<Job> jobs_{};
  std::vector<std::filesystem::path> files_{};
  std::vector<SheetPicture> sheet_{};
  std::unique_ptr<Reranker> reranker_{};
  std::vector<Image> waiting_{};  // candidates of the next picture
  BatchSummary summary_{};
};

void Runner::warn(const PromptItem& item, const std::string& warning) const {
  if (!sinks_.warning) return;
  sinks_.warning(item.line > 0 ? concat("line ", item.line, ": ", warning) : warning);
}

void Runner::plan() {
  std::vector<PictureName> pictures;
  for (const PromptItem& item : run_.items) {
    Job job{.item = &item, .first = static_cast<std::int64_t>(pictures.size())};
    try {
      job.request = engine_.resolve(with_item(run_.base, item, engine_.image_side()));
    } catch (const Error& error) {
      if (run_.items.size() == 1) throw;
      job.refused = error;
    }
    if (!job.refused && job.request.prompt != item.prompt) {
      warn(item, "the prompt is not valid UTF-8; what is not was replaced by U+FFFD");
    }
    for (std::int32_t k = 0; !job.refused && k < job.request.count; ++k) {
      pictures.push_back(
          {.prompt = job.request.prompt,
           .seed = *job.request.seed + static_cast<std::uint64_t>(k * candidates())});
    }
    jobs_.push_back(std::move(job));
  }
  files_ = name_pictures(pictures, run_.naming);
  std::vector<std::filesystem::path> all = files_;
  if (!run_.grid.empty()) {
    all.push_back(
        name_pictures({{}}, {.out = run_.grid.string(), .overwrite = run_.naming.overwrite})
            .front());
  }
  if (!run_.preview.empty()) all.push_back(run_.preview);
  prepare_folders(all);
}

Json Runner::record_of(const Job& job) const {
  Json record = Json::object();
  if (!job.item->extra.empty()) record = io::parse_json(job.item->extra, "prompt line");
  if (job.item->line > 0) record["line"] = job.item->line;
  record["prompt"] = job.refused ? job.item->prompt : job.request.prompt;
  return record;
}

void Runner::fail(const Job& job, const Error& error) {
  if (summary_.failed++ == 0) summary_.first_error = error.code();
  Json record = record_of(job);
  record["status"] = "failed";
  record["error"] = {{"code", to_string(error.code())}, {"message", error.what()}};
  if (sinks_.record) {
    sinks_.record(
        {.index = job.first, .json = dump(record), .failed = true, .message = error.what()});
  }
}

/// The best of the waiting candidates of a picture.
Runner::Kept Runner::choose(const Job& job, std::int64_t place) {
  if (!reranker_) reranker_ = std::make_unique<Reranker>(run_.clip, run_.device);
  const Reranker::Choice choice =
      reranker_->choose(waiting_, job.request.prompt, job.request.caption);
  const auto winner = static_cast<std::int64_t>(choice.winner);
  const std::int64_t first = place * candidates();
  const Json how{{"rerank",
                  {{"candidates", candidates()},
                   {"first_seed", *job.request.seed + static_cast<std::uint64_t>(first)},
                   {"winner", winner},
                   {"scores", choice.scores},
                   {"clip", io::parse_json(reranker_->describe(), "CLIP")}}}};
  return {.place = place, .seed = first + winner, .rerank = dump(how)};
}

void Runner::finish_picture(const Job& job, const Image& image, const Kept& kept, double seconds) {
  const std::int64_t index = job.first + kept.place;
  const std::filesystem::path& file = files_[static_cast<std::size_t>(index)];
  Json extra = run_.extra.empty() ? Json::object() : io::parse_json(run_.extra, "extra");
  if (!kept.rerank.empty()) extra.update(io::parse_json(kept.rerank, "rerank"));
  const PictureText text = picture_text(job.request,
                                        static_cast<std::int32_t>(kept.seed),
                                        engine_.provenance_of(job.request.sampling.path),
                                        extra.empty() ? std::string() : dump(extra));
  write_png(file, image, run_.metadata ? text : PictureText{});
  ++summary_.written;
  if (!run_.grid.empty()) sheet_.push_back({.image = image, .caption = job.request.prompt});
  if (!sinks_.record) return;
  const Json made = io::parse_json(text.tessera, "picture");
  Json record = record_of(job);
  record["index"] = index;
  for (const char* key : {"caption",
                          "literal",
                          "negative",
                          "seed",
                          "width",
                          "height",
                          "steps",
                          "sampler",
                          "guidance",
                          "truncation",
                          "start",
                          "strength",
                          "mask",
                          "rerank"}) {
    if (made.contains(key)) record[key] = made[key];
  }
  record["path"] = file.string();
  record["seconds"] = seconds;
  record["status"] = "completed";
  sinks_.record({.index = index, .path = file, .json = dump(record)});
}

void Runner::draw(const Job& job, std::stop_token stop) {
  if (job.refused) {
    fail(job, *job.refused);
    return;
  }
  if (sinks_.started) sinks_.started(job.request);
  auto last = Clock::now();
  Watch watch{.progress = sinks_.progress};
  watch.finished = [&](const Image& image, std::int32_t k) {
    Kept kept{.place = k / candidates(), .seed = k};
    if (candidates() == 1) {
      finish_picture(job, image, kept, seconds_since(last));
    } else {
      waiting_.push_back(image);
      if (std::ssize(waiting_) < candidates()) return;
      kept = choose(job, kept.place);
      finish_picture(job,
                     waiting_[static_cast<std::size_t>(kept.seed % candidates())],
                     kept,
                     seconds_since(last));
      waiting_.clear();
    }
    last = Clock::now();
  };
  if (!run_.preview.empty()) {
    watch.preview = [&](const Image& image, std::int32_t, std::int32_t) {
      write_png(run_.preview, image);
    };
  }
  watch.warning = [&](const std::string& warning) { warn(*job.item, warning); };
  waiting_.clear();
  GenerateRequest drawn = job.request;
  drawn.count *= static_cast<std::int32_t>(candidates());
  try {
    summary_.cancelled = engine_.generate(drawn, watch, stop).cancelled;
  } catch (const Error& error) {
    if (jobs_.size() == 1 || error.code() == ErrorCode::kIo) throw;
    fail(job, error);
  }
}

}  // namespace

BatchSummary run_batch(Engine& engine,
                       const BatchRun& run,
                       const BatchSinks& sinks,
                       std::stop_token stop) {
  constexpr std::int32_t kMostCandidates = 1000;
  TESSERA_CHECK(!run.items.empty(), kInvalidArgument, "there is no prompt to draw");
  TESSERA_CHECK(run.rerank >= 0 && run.rerank <= kMostCandidates,
                kInvalidArgument,
                "rerank must be in 0..",
                kMostCandidates,
                ", got ",
                run.rerank);
  return Runner(engine, run, sinks)(stop);
}

}  // namespace tessera::engine
