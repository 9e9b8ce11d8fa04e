#pragma once

#include <string>

namespace tessera::cli {

/// "318 MB", "1.25 GB": three digits, in powers of 1000.
std::string bytes_text(double bytes);

}  // namespace tessera::cli
