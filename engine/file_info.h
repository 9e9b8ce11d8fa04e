#pragma once

#include <filesystem>
#include <string>

namespace tessera::engine {

/// What `tessera info` tells of a file or folder, without opening a model.
struct FileInfo {
  std::string text{};  // for people, several lines
  std::string json{};  // one object; "kind" is picture, model, run or weights
};

/// A picture (size, generation settings, other text chunks), a model folder (card, parts, sizes), a
/// published model (engine/published_info.h), a
/// training run (stage, progress) or a weights file (tensors, shapes, types, metadata), told by
/// content; also a model by its name (find_model). Throws kNotFound, kIo, kCorruptFile, or
/// kInvalidArgument where it is none of these.
FileInfo describe_file(const std::filesystem::path& path);

/// Compares a model folder's files with the hashes of its card; throws kCorruptFile naming the
/// first that differs.
void check_model_folder(const std::filesystem::path& model);

}  // namespace tessera::engine
