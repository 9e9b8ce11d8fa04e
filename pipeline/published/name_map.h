#pragma once

#include <string>
#include <vector>

#include "io/state_dict.h"

namespace tessera::pipeline {

/// One tensor of a network of ours, and where a published checkpoint keeps it. Several names are
/// blocks of rows, one below the other: a product for queries, keys and values that is published as
/// three. A trailing 1x1 window (a convolution that is a matrix) may be there on either side.
struct NameEntry {
  std::string ours{};
  std::vector<std::string> theirs{};
};

/// A whole network: every tensor of ours has one entry. `ignored` names what else their file may
/// hold; a "*" stands for any run of characters.
struct NameMap {
  std::vector<NameEntry> entries{};
  std::vector<std::string> ignored{};
};

/// What keeps published tensors from being loaded, by their published names.
struct Misfits {
  std::vector<std::string> missing{};
  std::vector<std::string> unexpected{};
  std::vector<std::string> misshaped{};  // with both shapes

  bool none() const { return missing.empty() && unexpected.empty() && misshaped.empty(); }
  std::string told() const;  // "; missing (2): a, b; unexpected (1): c"; "" where all fits
};

/// Compares names and shapes alone; no value is looked at.
Misfits misfits_of(const torch::nn::Module& module,
                   const io::StateDict& published,
                   const NameMap& map);

/// Copies the published tensors into `module`, straight from where they are and in the module's own
/// number types; a mapped file's pages leave memory as their tensors are done. Strict both ways:
/// throws kShapeMismatch listing every tensor that is missing, unexpected or of another shape by
/// its published name, after `what`.
void load_published(torch::nn::Module& module,
                    const io::StateDict& published,
                    const NameMap& map,
                    const std::string& what);

/// The other way: our tensors under their published names, rows split into equal blocks, shapes as
/// ours. Throws kShapeMismatch where `ours` and the map differ.
io::StateDict to_published(const io::StateDict& ours, const NameMap& map);

}  // namespace tessera::pipeline
