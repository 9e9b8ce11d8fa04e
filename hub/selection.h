#pragma once

#include <string>
#include <vector>

#include "hub/listing.h"

namespace tessera::hub {

/// What Tessera reads of a model's repository: .json, .txt, .tsv, .model files, and of each folder
/// the weights in one number type and one format. The number type is the file name's variant
/// ("model.fp16.safetensors"; "" = none in the name); a folder that lacks the wanted one gives its
/// plain weights, or the first of its other variants. Of equal variants .safetensors is preferred,
/// then .bin, .pth, .pt, .ckpt. Where the repository has a model_index.json, weights beside it
/// (other programs' single files) are left out. Throws kNotFound where no folder has the variant,
/// naming those that there are.
std::vector<RepositoryFile> select_files(const std::vector<RepositoryFile>& files,
                                         const std::string& variant,
                                         const std::string& what);

}  // namespace tessera::hub
