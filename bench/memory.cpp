#include "bench/memory.h"

#include <fstream>
#include <limits>
#include <string>

#include <malloc.h>

namespace tessera::bench {
namespace {

/// A field of /proc/self/status, in MiB.
double field(const std::string& name) {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);) {
    if (line.compare(0, name.size(), name) == 0)
      return std::stod(line.substr(name.size() + 1)) / 1024;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

double memory_mib_of(const std::function<void()>& work) {
  malloc_trim(0);
  const double before = field("VmRSS");
  std::ofstream reset("/proc/self/clear_refs");
  reset << 5 << std::flush;  // the peak begins anew: proc(5)
  work();
  return reset ? field("VmHWM") - before : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace tessera::bench
