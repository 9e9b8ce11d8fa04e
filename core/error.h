#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace tessera {

/// What a caller can do about it; the message says what happened, with the values.
enum class ErrorCode : unsigned char {
  kInvalidArgument,  // an option or request out of its range: fix the input
  kShapeMismatch,    // tensors that do not fit: a bug in the caller, or the wrong checkpoint
  kNotFound,         // a file, a model part or a registered name
  kCorruptFile,      // names the file and, where known, the byte offset
  kUnavailable,      // asked for CUDA and the plug-in, the driver or the device is missing
  kCancelled,        // the caller's stop_token
  kIo,               // the system refused a read or a write: permission, full disk
  kInternal,
};

/// "invalid argument", "not found", …: the words shown before a message and used in JSON reports.
const char* to_string(ErrorCode code) noexcept;

/// The one exception type of Tessera. `what()` is one line: what was wrong, the value, what would
/// be right. `where()` names the throwing line for `--verbose`.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message, const char* file = "", int line = 0);
  ErrorCode code() const noexcept { return code_; }
  const std::string& where() const noexcept { return where_; }

 private:
  ErrorCode code_;
  std::string where_;
};

/// concat("K = ", k, ", got ", n) -> "K = 512, got 511".
template <typename... Parts>
std::string concat(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

}  // namespace tessera

/// TESSERA_CHECK(k > 1, kInvalidArgument, "codebook_size must be at least 2, got ", k);
#define TESSERA_CHECK(cond, code, ...)                                                     \
  do {                                                                                     \
    if (!(cond))                                                                           \
      throw ::tessera::Error(                                                              \
          ::tessera::ErrorCode::code, ::tessera::concat(__VA_ARGS__), __FILE__, __LINE__); \
  } while (false)

/// TESSERA_THROW(kNotFound, "no sampler named \"", name, "\"; known: …");
#define TESSERA_THROW(code, ...) \
  throw ::tessera::Error(        \
      ::tessera::ErrorCode::code, ::tessera::concat(__VA_ARGS__), __FILE__, __LINE__)
