#include "pipeline/convert_model.h"

#include <string>
#include <system_error>

#include <ATen/ATen.h>

#include "core/error.h"
#include "io/state_dict.h"
#include "pipeline/load_options.h"
#include "pipeline/model_card.h"
#include "vqvae/codebook_averages.h"

namespace tessera::pipeline {
namespace fs = std::filesystem;
namespace {

void convert_part(const fs::path& from, const fs::path& to, at::ScalarType type) {
  fs::create_directories(to);
  for (const fs::directory_entry& entry : fs::directory_iterator(from)) {
    const fs::path target = to / entry.path().filename();
    if (entry.path().extension() == ".safetensors") {
      io::StateDict state = io::read_state_dict(entry.path());
      if (from.filename() == kVqVaePart) vqvae::drop_codebook_averages(state.tensors);
      io::write_safetensors(target, io::cast(state, type));
    } else if (entry.is_regular_file()) {
      fs::copy_file(entry.path(), target);
    }
  }
}

}  // namespace

void convert_model(const fs::path& from, const fs::path& to, std::string_view type) {
  const at::ScalarType scalar = scalar_type(type);
  TESSERA_CHECK(!fs::exists(to), kInvalidArgument, to.string(), ": exists already");
  ModelCard card = read_model_card(from);
  check_model_files(from, card);

  fs::path unfinished = to;
  unfinished += ".unfinished";
  try {
    fs::remove_all(unfinished);
    for (const std::string& part : card.parts) {
      convert_part(from / part, unfinished / part, scalar);
    }
    card.hashes.clear();
    write_model_card(unfinished, card);
    fs::rename(unfinished, to);
  } catch (const fs::filesystem_error& failed) {
    std::error_code ignored;
    fs::remove_all(unfinished, ignored);
    TESSERA_THROW(kIo, to.string(), ": cannot be written: ", failed.code().message());
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(unfinished, ignored);
    throw;
  }
}

}  // namespace tessera::pipeline
