#pragma once

#include <QByteArray>
#include <QString>
#include <filesystem>

namespace tessera::gui {

/// What a training run is made of, for a person with a folder of pictures.
struct TrainingPlan {
  QString name{};       // of the run, and its folder's
  QString stage{};      // tokenizer, vqvae, diffusion, ddpm, clip
  QString data{};       // folder of pictures; "" = the scenes that come with the program
  int resolution = 64;  // pixels
  int steps = 1000;
  int batch = 16;
  QString vqvae{};      // run or model whose codec is used: diffusion, ddpm
  QString tokenizer{};  // folder with tokens.tsv: diffusion, ddpm, clip
  QString device = "auto";
};

/// The configuration of docs/formats/config.md as JSON text; empty for a tokenizer. Its networks
/// are sized for the processor of a laptop, where a step takes some tenths of a second: a run of an
/// hour shows whether the data can be learned. Larger ones are begun from the command line.
QByteArray configuration_of(const TrainingPlan& plan);

/// Pixels of the pictures that a codec was made for: of a run folder, a model folder or a part; 0
/// where there is none.
int side_of_codec(const std::filesystem::path& folder);

}  // namespace tessera::gui
