#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

namespace tessera {

/// Writes a whole file or nothing: `write` is given a temporary path beside `target` (same folder,
/// so that the rename cannot cross file systems); after it returns the file is flushed to disk and
/// renamed over `target`. Whatever throws leaves `target` as it was and removes the temporary.
/// Throws kIo naming the path and the system's reason (full disk, permission).
void write_atomically(const std::filesystem::path& target,
                      const std::function<void(const std::filesystem::path& temporary)>& write);

/// The same for bytes in memory.
void write_file_atomically(const std::filesystem::path& target, std::string_view bytes);

/// The same for a folder, which `write` fills beside `target` under the name "TARGET.unfinished";
/// what an earlier attempt left there is removed. Throws kInvalidArgument where `target` exists,
/// and kIo.
void write_folder_atomically(const std::filesystem::path& target,
                             const std::function<void(const std::filesystem::path& folder)>& write);

/// Whole file as bytes. Throws kNotFound (no such file), kIo, or kInvalidArgument (over
/// `max_bytes`).
std::string read_file(const std::filesystem::path& file, std::uintmax_t max_bytes = 1u << 30);

}  // namespace tessera
