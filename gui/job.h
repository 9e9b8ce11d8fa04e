#pragma once

#include <QMetaType>
#include <QString>
#include <cstdint>

#include "engine/engine.h"

namespace tessera::gui {

enum class JobState : unsigned char { kWaiting, kRunning, kFinished, kFailed, kCancelled };

/// One request on its way through the queue.
struct Job {
  std::int64_t id = 0;
  engine::GenerateRequest request{};
  JobState state = JobState::kWaiting;
  int finished = 0;      // pictures
  double share = 0.0;    // of the steps of all its pictures, in [0, 1]
  double seconds = 0.0;  // since it began
  QString message{};     // why it failed, in plain words
};

}  // namespace tessera::gui
Q_DECLARE_METATYPE(tessera::gui::Job)
