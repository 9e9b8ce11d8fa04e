#pragma once

#include <QCoreApplication>
#include <QElapsedTimer>
#include <functional>

namespace tessera::test {

/// Lets the event loop run until `done`, for thirty seconds at most; whether it came to that.
inline bool wait_until(const std::function<bool()>& done) {
  constexpr qint64 kMost = 30'000;
  QElapsedTimer clock;
  clock.start();
  while (!done() && clock.elapsed() < kMost) {
    QCoreApplication::processEvents(QEventLoop::AllEvents, 20);
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
  }
  return done();
}

}  // namespace tessera::test
