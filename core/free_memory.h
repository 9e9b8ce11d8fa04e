#pragma once

namespace tessera {

/// Gives blocks that were freed, and that the C library keeps for this process, back to the system:
/// after large things that will not be needed again. Does nothing where the library cannot.
void give_back_freed_memory();

}  // namespace tessera
