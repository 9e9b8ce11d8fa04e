#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tessera::engine {

/// One picture that is going to be written.
struct PictureName {
  std::string prompt{};
  std::uint64_t seed = 0;
};

struct NamingOptions {
  /// "" = output.png, or output-2.png … where that is taken. A folder (existing, or ending in /)
  /// holds 00000-SEED.png and so on, from the next free number. Else a file name, with the fields
  /// {seed}, {index}, {prompt}, {date}, {time} and one printf number (%d, %03d); several pictures
  /// and no field that tells them apart: _0, _1 … before the extension. Without an extension: .png.
  std::string out{};
  std::int64_t first_index = 0;
  bool overwrite = false;
};

/// The file of every picture of a run, decided before anything is drawn. Throws kInvalidArgument
/// where a file exists and may not be overwritten, where two pictures would have one name, or for
/// an unknown field.
std::vector<std::filesystem::path> name_pictures(const std::vector<PictureName>& pictures,
                                                 const NamingOptions& options);

/// Makes the folders of `files` and checks that files can be written there. Throws kIo naming the
/// first folder that refuses.
void prepare_folders(const std::vector<std::filesystem::path>& files);

/// A prompt as a part of a file name: letters, digits, . _ - and non-ASCII letters are kept, the
/// rest becomes single hyphens; at most `bytes` bytes, cut between characters; "untitled" if
/// nothing is left.
std::string name_from_prompt(const std::string& prompt, std::size_t bytes = 100);

}  // namespace tessera::engine
