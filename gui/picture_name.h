#pragma once

#include <QDateTime>
#include <QString>
#include <cstdint>
#include <filesystem>
#include <string>

namespace tessera::gui {

inline constexpr const char* kOwnPictureName = "{date}/{prompt}-{seed}";

/// What the fields of a name are filled with.
struct PictureNameFields {
  std::string prompt{};
  std::uint64_t seed = 0;
  std::string model{};
  QDateTime when{};
};

/// What is wrong with a pattern of file names, in one line; "" = nothing. Known fields: {date},
/// {time}, {prompt}, {seed}, {model}; a slash begins a folder.
QString problem_of_picture_name(const QString& pattern);

/// The pattern with its fields filled, below the folder of pictures and ending in .png. Prompts are
/// made fit for a file name and cut at 60 bytes between characters; the pattern must be sound.
std::filesystem::path picture_name(const QString& pattern, const PictureNameFields& fields);

/// `file`, or the first of NAME-2, NAME-3, … that no file has.
std::filesystem::path free_name(const std::filesystem::path& file);

}  // namespace tessera::gui
