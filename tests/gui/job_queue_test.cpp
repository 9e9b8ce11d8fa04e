#include "gui/job_queue.h"

#include <QAbstractItemModelTester>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tessera::gui {
namespace {

using ::testing::ElementsAre;

engine::GenerateRequest asking(const std::string& prompt, std::int64_t steps = 10) {
  engine::GenerateRequest request{.prompt = prompt};
  request.sampling.steps = steps;
  return request;
}

std::vector<std::string> prompts(const JobQueue& queue) {
  std::vector<std::string> prompts;
  for (const Job& job : queue.jobs()) prompts.push_back(job.request.prompt);
  return prompts;
}

TEST(JobQueue, RunsInOrderOneAtATime) {
  JobQueue queue;
  const QAbstractItemModelTester tester(&queue);
  queue.append(asking("one"));
  queue.append(asking("two"));
  const auto first = queue.take();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->request.prompt, "one");
  EXPECT_FALSE(queue.take()) << "one is running";
  queue.prepend(asking("zero"));
  EXPECT_THAT(prompts(queue), ElementsAre("one", "zero", "two"));
  queue.end(first->id, JobState::kFinished, {});
  EXPECT_EQ(queue.take()->request.prompt, "zero");
  EXPECT_EQ(queue.waiting(), 1);
}

TEST(JobQueue, OnlyWaitingJobsMoveOrGo) {
  JobQueue queue;
  const QAbstractItemModelTester tester(&queue);
  const auto one = queue.append(asking("one"));
  const auto two = queue.append(asking("two"));
  const auto three = queue.append(asking("three"));
  queue.take();
  queue.moveUp(two);
  EXPECT_THAT(prompts(queue), ElementsAre("one", "two", "three")) << "not past the running one";
  queue.moveUp(three);
  EXPECT_THAT(prompts(queue), ElementsAre("one", "three", "two"));
  queue.moveDown(three);
  queue.moveDown(three);
  EXPECT_THAT(prompts(queue), ElementsAre("one", "two", "three"));
  queue.moveDown(one);
  queue.remove(one);
  queue.remove(two);
  EXPECT_THAT(prompts(queue), ElementsAre("one", "three"));
  queue.clearWaiting();
  EXPECT_THAT(prompts(queue), ElementsAre("one"));
  queue.clearEnded();
  EXPECT_THAT(prompts(queue), ElementsAre("one")) << "it runs";
  queue.end(one, JobState::kFailed, "why");
  queue.clearEnded();
  EXPECT_TRUE(queue.jobs().empty());
}

TEST(JobQueue, APausedQueueGivesNothing) {
  JobQueue queue;
  queue.append(asking("one"));
  queue.setPaused(true);
  EXPECT_FALSE(queue.take());
  queue.setPaused(false);
  EXPECT_TRUE(queue.take());
}

TEST(JobQueue, EstimatesByThePaceOfTheRunningJob) {
  JobQueue queue;
  const auto id = queue.append(asking("one", 10));
  EXPECT_FALSE(queue.secondsLeft());
  queue.take();
  queue.report(id, 0.25, 2.0);
  EXPECT_DOUBLE_EQ(*queue.secondsLeft(), 6.0);
  queue.append(asking("two", 20));  // twice the steps
  EXPECT_DOUBLE_EQ(*queue.secondsLeft(), 6.0 + 16.0);
}

}  // namespace
}  // namespace tessera::gui
