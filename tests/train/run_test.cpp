#include "train/run.h"

#include <cmath>
#include <limits>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "io/json_fields.h"
#include "io/state_dict.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::train {
namespace {
namespace fs = std::filesystem;

/// Counts: its loss after step s is a known function, its whole state one number.
class Counter final : public Trainer {
 public:
  StepReport step(const data::Batch& batch, std::int64_t step) override {
    EXPECT_EQ(batch.indices.front(), step);
    state_.mul_(0.9).add_(static_cast<double>(step) / 3);
    at::Tensor loss = state_.clone();
    if (step == bad_step) loss.fill_(std::numeric_limits<double>::quiet_NaN());
    if (step == stop_at) source.request_stop();
    return {.loss = loss, .values = {{"grad_norm", at::ones({})}}, .learning_rate = 0.5};
  }
  void save(const fs::path& folder) const override {
    io::write_safetensors(folder / "state.safetensors", {.tensors = {{"state", state_}}});
  }
  void resume(const fs::path& folder) override {
    state_.copy_(io::read_state_dict(folder / "state.safetensors").tensors.at("state"));
  }
  std::vector<std::pair<std::string, at::Tensor>> samples() override {
    return {{"picture", at::zeros({1, 3, 4, 4})}};
  }
  std::vector<std::pair<std::string, double>> validate() override {
    return {{"val/loss", state_.item<double>()}};
  }
  void export_model(const fs::path& model) const override {
    write_file_atomically(model / "weights", std::to_string(state_.item<double>()));
  }

  std::int64_t bad_step = -1;
  std::int64_t stop_at = -1;
  std::stop_source source{};

 private:
  at::Tensor state_ = at::zeros({}, at::kDouble);
};

data::Batch numbered(std::int64_t step) {
  return {.indices = {step}};
}

RunOptions options_of(const fs::path& folder) {
  return {.folder = folder,
          .train = {.steps = 20, .batch = 1, .log_every = 3, .checkpoint_every = 7}};
}

std::vector<io::Json> lines_of(const fs::path& folder) {
  std::vector<io::Json> lines;
  std::istringstream text(read_file(folder / "log.jsonl"));
  for (std::string line; std::getline(text, line);) lines.push_back(io::parse_json(line, "log"));
  return lines;
}

/// step -> loss of the lines that have one.
std::map<std::int64_t, double> losses_of(const fs::path& folder) {
  std::map<std::int64_t, double> losses;
  for (const io::Json& line : lines_of(folder)) {
    if (!line.contains("loss")) continue;
    EXPECT_TRUE(losses.emplace(line["step"], line["loss"].get<double>()).second) << line.dump();
  }
  return losses;
}

TEST(Run, LogsTheMeanOfEachWindow) {
  const test::TemporaryFolder folder;
  Counter counter;
  const RunResult result = run(counter, numbered, options_of(folder.path()), {}, {});
  EXPECT_EQ(result.step, 20);
  EXPECT_FALSE(result.stopped);
  double state = 0;
  double sum = 0;
  const auto losses = losses_of(folder.path());
  for (int step = 1; step <= 18; ++step) {
    state = 0.9 * state + step / 3.0;
    sum += state;
    if (step % 3 != 0) continue;
    ASSERT_TRUE(losses.count(step)) << step;
    EXPECT_NEAR(losses.at(step), sum / 3, 1e-12);
    sum = 0;
  }
  EXPECT_EQ(lines_of(folder.path()).front()["step"], 0);  // validated before the first step
  EXPECT_TRUE(fs::exists(folder.path() / "samples" / "step-00000020-picture.safetensors"));
  EXPECT_TRUE(fs::exists(folder.path() / "model" / "weights"));
}

TEST(Run, StoppedAndResumedItLogsTheSameBitForBit) {
  const test::TemporaryFolder straight;
  Counter whole;
  run(whole, numbered, options_of(straight.path()), {}, {});

  const test::TemporaryFolder broken;
  RunOptions options = options_of(broken.path());
  Counter first;
  first.stop_at = 10;  // in the middle of a window, and not where a checkpoint is due
  const RunResult stopped = run(first, numbered, options, {}, first.source.get_token());
  EXPECT_TRUE(stopped.stopped);
  EXPECT_EQ(stopped.step, 10);
  options.resume = true;
  Counter second;
  const RunResult result = run(second, numbered, options, {}, {});
  EXPECT_EQ(result.step, 20);
  EXPECT_EQ(losses_of(broken.path()), losses_of(straight.path()));
}

TEST(Run, ResumingDropsTheLinesAfterTheCheckpoint) {
  const test::TemporaryFolder folder;
  RunOptions options = options_of(folder.path());
  Counter first;
  run(first, numbered, options, {}, {});
  const auto straight = losses_of(folder.path());
  // As if the machine had died after step 20 was logged, the checkpoints of 20 and 14 being lost.
  fs::remove_all(folder.path() / "checkpoints" / "step-00000020");
  options.resume = true;
  Counter second;
  run(second, numbered, options, {}, {});
  EXPECT_EQ(losses_of(folder.path()), straight);
}

TEST(Run, ALossThatIsNotFiniteStopsAndSavesNothing) {
  const test::TemporaryFolder folder;
  Counter counter;
  counter.bad_step = 9;
  test::expect_error(ErrorCode::kInternal,
                     "no longer finite at step 9; the last checkpoint is of step 7",
                     [&] { run(counter, numbered, options_of(folder.path()), {}, {}); });
  EXPECT_TRUE(fs::exists(folder.path() / "checkpoints" / "step-00000007"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path() / "checkpoints"), {}), 1);
}

TEST(Run, TheTimeBudgetSavesAndStops) {
  const test::TemporaryFolder folder;
  RunOptions options = options_of(folder.path());
  options.train.time_budget_minutes = 1e-9;
  Counter counter;
  const RunResult result = run(counter, numbered, options, {}, {});
  EXPECT_TRUE(result.stopped);
  EXPECT_EQ(result.step, 1);
  EXPECT_TRUE(fs::exists(folder.path() / "checkpoints" / "step-00000001"));
}

TEST(Run, ReportsProgressFromTheFirstStepToTheLast) {
  const test::TemporaryFolder folder;
  Counter counter;
  std::vector<std::int64_t> steps;
  run(counter,
      numbered,
      options_of(folder.path()),
      [&](const Progress& progress) {
        EXPECT_EQ(progress.total, 20);
        steps.push_back(progress.step);
      },
      {});
  ASSERT_EQ(steps.size(), 21u);
  EXPECT_EQ(steps.front(), 0);
  EXPECT_EQ(steps.back(), 20);
}

TEST(Run, SheetsGoToTheWriterThatIsGiven) {
  const test::TemporaryFolder folder;
  RunOptions options = options_of(folder.path());
  options.train.sample_every = 10;
  std::vector<std::string> names;
  options.write_sheet = [&](const fs::path& file, const at::Tensor& sheet) {
    EXPECT_EQ(sheet.sizes(), (at::IntArrayRef{4, 4, 3}));
    names.push_back(file.filename());
    write_file_atomically(file, "\x89PNG\r\n\x1a\n" + std::string(40, 'x'));
  };
  Counter counter;
  run(counter, numbered, options, {}, {});
  EXPECT_EQ(
      names,
      (std::vector<std::string>{
          "step-00000000-picture.png", "step-00000010-picture.png", "step-00000020-picture.png"}));
}

}  // namespace
}  // namespace tessera::train
