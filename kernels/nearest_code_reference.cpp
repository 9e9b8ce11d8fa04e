#include <cmath>

#include "kernels/nearest_code.h"

namespace tessera::kernels {

void nearest_code_reference(const NearestCode& a, std::int64_t first, std::int64_t last) {
  for (std::int64_t row = first; row < last; ++row) {
    double least = HUGE_VAL;
    a.nearest[row] = 0;
    for (std::int64_t code = 0; code < a.codes; ++code) {
      double distance = 0;
      for (std::int64_t i = 0; i < a.width; ++i) {
        const double apart = static_cast<double>(a.z[row * a.width + i]) -
                             static_cast<double>(a.codebook[code * a.width + i]);
        distance += apart * apart;
      }
      if (distance < least) {
        least = distance;
        a.nearest[row] = code;
      }
    }
  }
}

}  // namespace tessera::kernels
