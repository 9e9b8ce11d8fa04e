#include "eval/process_share.h"

#include "core/error.h"

namespace tessera::eval {

void ProcessShare::validate() const {
  TESSERA_CHECK(count >= 1 && count <= 1024 && rank >= 0 && rank < count,
                kInvalidArgument,
                "a process needs a rank below the number of processes (1..1024), got ",
                rank,
                " of ",
                count);
}

}  // namespace tessera::eval
