#pragma once

#include <QCoreApplication>
#include <QElapsedTimer>
#include <functional>

namespace tessera::test {

/// Lets the event loop run until `done`, for `most` milliseconds at most; whether it came to that.
inline bool wait_until(const std::function<bool()>& done, qint64 most = 30'000) {
  QElapsedTimer clock;
  clock.start();
  while (!done() && clock.elapsed() < most) {
    QCoreApplication::processEvents(QEventLoop::AllEvents, 20);
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
  }
  return done();
}

}  // namespace tessera::test
