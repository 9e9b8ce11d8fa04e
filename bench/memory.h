#pragma once

#include <functional>

namespace tessera::bench {

/// The most memory in MiB that the process held while `work` ran, above what it held before; NaN
/// where the system cannot tell (/proc/self/clear_refs). What the allocator keeps for later is
/// given back first.
double memory_mib_of(const std::function<void()>& work);

}  // namespace tessera::bench
