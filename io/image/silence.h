#pragma once

#include <mutex>

namespace tessera::io {

/// While it lives, what is written to stderr is lost: libpng and libjpeg print there whatever they
/// are told. One at a time. For the few microseconds of a decode; other threads' lines are lost
/// too.
class Silence {
 public:
  Silence();
  ~Silence();
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  std::unique_lock<std::mutex> lock_;
  int kept_;  // the real stderr, or -1
};

}  // namespace tessera::io
