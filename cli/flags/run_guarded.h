#pragma once

#include <functional>
#include <stop_token>

namespace tessera::cli {

/// The frame of every program's main(): watches signals, runs `body`, and turns whatever it throws
/// into one line "tessera: error: …" on stderr and an exit code. A body that returns 0 after a
/// signal (it stopped early and kept its work) still answers 130 or 143.
int run_guarded(const std::function<int(std::stop_token stop)>& body);

}  // namespace tessera::cli
