#pragma once

#include <string>

namespace tessera::bench {

/// The text after "key…:" in a file of such lines, as /proc has them, without leading blanks; ""
/// where there is none.
std::string proc_field(const char* file, const std::string& key);

}  // namespace tessera::bench
