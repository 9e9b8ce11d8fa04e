#pragma once

namespace tessera {

/// Gives freed blocks back to the system, which keeps nothing of them for this process: after large
/// things that will not be needed again. Does nothing where the C library has no such call.
void give_back_freed_memory();

}  // namespace tessera
