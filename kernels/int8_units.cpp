#include "kernels/int8_units.h"

#include <initializer_list>

#if defined(__linux__) && defined(__x86_64__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "kernels/targets.h"

namespace tessera::kernels {
namespace {

#if defined(__x86_64__)
/// The matrix tiles are 8 KiB of a thread's state, for which a process has to ask Linux once.
bool may_use_tiles() {
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;               // XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

bool find(Int8Unit unit) {
  switch (unit) {
    case Int8Unit::kAmx:
      return __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-int8") &&
             may_use_tiles();
    case Int8Unit::kAvx512Vnni:
      return best_target() == Target::kAvx512 && __builtin_cpu_supports("avx512vnni");
    case Int8Unit::kAvxVnni:
      return best_target() != Target::kAny && __builtin_cpu_supports("avxvnni");
    case Int8Unit::kPlain:
      break;
  }
  return true;
}
#else
bool find(Int8Unit unit) {
  return unit == Int8Unit::kPlain;
}
#endif

}  // namespace

bool has_int8_unit(Int8Unit unit) {
  static const bool found[] = {find(Int8Unit::kPlain),
                               find(Int8Unit::kAvxVnni),
                               find(Int8Unit::kAvx512Vnni),
                               find(Int8Unit::kAmx)};
  return found[static_cast<int>(unit)];
}

Int8Unit best_int8_unit() {
  for (const Int8Unit unit : {Int8Unit::kAmx, Int8Unit::kAvx512Vnni, Int8Unit::kAvxVnni}) {
    if (has_int8_unit(unit)) return unit;
  }
  return Int8Unit::kPlain;
}

}  // namespace tessera::kernels
