#pragma once

#include <cstdint>

namespace tessera::kernels {

/// Instructions that add four products of unsigned by signed bytes to a 32-bit sum. All give the
/// same integers.
enum class Int8Unit : unsigned char { kPlain, kAvxVnni, kAvx512Vnni, kAmx };

/// Whether this processor has them and the system lets this process use them; kPlain is none of
/// them, and everywhere.
bool has_int8_unit(Int8Unit unit);

/// The fastest of those it has.
Int8Unit best_int8_unit();

}  // namespace tessera::kernels
