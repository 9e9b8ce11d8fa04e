#include "bench/memory.h"

#include <fstream>
#include <limits>
#include <string>

#include "bench/proc_field.h"
#include "core/free_memory.h"

namespace tessera::bench {
namespace {

/// A field of /proc/self/status, in MiB.
double field(const char* name) {
  const std::string kib = proc_field("/proc/self/status", name);
  return kib.empty() ? std::numeric_limits<double>::quiet_NaN() : std::stod(kib) / 1024;
}

}  // namespace

double memory_mib_of(const std::function<void()>& work) {
  give_back_freed_memory();
  const double before = field("VmRSS");
  std::ofstream reset("/proc/self/clear_refs");
  reset << 5 << std::flush;  // the peak begins anew: proc(5)
  work();
  return reset ? field("VmHWM") - before : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace tessera::bench
