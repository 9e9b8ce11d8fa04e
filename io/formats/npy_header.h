#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <c10/core/ScalarType.h>

namespace tessera::io {

/// What stands in front of the numbers of a .npy file (NumPy's format 1.0 to 3.0).
struct NpyHeader {
  c10::ScalarType type = c10::ScalarType::Double;
  bool fortran_order = false;         // first axis runs fastest
  std::vector<std::int64_t> shape{};  // at most 32 axes
  std::uint64_t size = 0;             // bytes of the header, where the numbers begin
};

/// Reads it and checks that exactly the numbers that it announces follow. Throws kCorruptFile
/// naming `what`.
NpyHeader read_npy_header(std::string_view bytes, const std::string& what);

/// Format 1.0, padded so that the numbers begin at a multiple of 64. Throws kInvalidArgument for a
/// type without a name in NumPy.
std::string npy_header_text(const NpyHeader& header);

}  // namespace tessera::io
