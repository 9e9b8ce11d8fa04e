#pragma once

#include <string_view>

namespace tessera {

enum class LogLevel : unsigned char { kDebug, kInfo, kWarning, kError };

/// Messages below `level` are dropped from now on. The default is kInfo.
void set_log_level(LogLevel level);

/// One line on stderr, "tessera: warning: …"; never on stdout, which carries results only.
void log(LogLevel level, std::string_view message);

inline void log_debug(std::string_view m) {
  log(LogLevel::kDebug, m);
}
inline void log_info(std::string_view m) {
  log(LogLevel::kInfo, m);
}
inline void log_warning(std::string_view m) {
  log(LogLevel::kWarning, m);
}

}  // namespace tessera
