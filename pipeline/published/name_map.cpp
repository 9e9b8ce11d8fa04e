#include "pipeline/published/name_map.h"

#include <set>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/nn/module.h>

#include "core/error.h"
#include "io/finite.h"
#include "io/mapped_tensor.h"

namespace tessera::pipeline {
namespace {

/// Does `name` fit `pattern`, in which "*" is any run of characters?
bool matches(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern.front() == '*') {
    return matches(pattern.substr(1), name) || (!name.empty() && matches(pattern, name.substr(1)));
  }
  return !name.empty() && name.front() == pattern.front() &&
         matches(pattern.substr(1), name.substr(1));
}

bool is_ignored(const NameMap& map, const std::string& name) {
  for (const std::string& pattern : map.ignored) {
    if (matches(pattern, name)) return true;
  }
  return false;
}

/// The same shape but for a trailing 1x1 window on one side.
bool fits(at::IntArrayRef a, at::IntArrayRef b) {
  const auto without_window = [](at::IntArrayRef shape) {
    const bool window = shape.size() == 4 && shape[2] == 1 && shape[3] == 1;
    return window ? shape.slice(0, 2) : shape;
  };
  return without_window(a) == without_window(b);
}

/// The block of rows of `target` that part `i` of `count` fills; undefined where it does not
/// divide.
at::Tensor block(const at::Tensor& target, std::size_t i, std::size_t count) {
  if (count == 1) return target;
  const auto parts = static_cast<std::int64_t>(count);
  if (target.dim() == 0 || target.size(0) % parts != 0) return {};
  const std::int64_t rows = target.size(0) / parts;
  return target.narrow(0, static_cast<std::int64_t>(i) * rows, rows);
}

}  // namespace

std::string Misfits::told() const {
  std::string text;
  const auto list = [&](const char* title, const std::vector<std::string>& names) {
    if (names.empty()) return;
    text += concat("; ", title, " (", names.size(), "): ");
    for (std::size_t i = 0; i < names.size(); ++i) text += (i > 0 ? ", " : "") + names[i];
  };
  list("missing", missing);
  list("unexpected", unexpected);
  list("of another shape", misshaped);
  return text;
}

Misfits misfits_of(const torch::nn::Module& module,
                   const io::StateDict& published,
                   const NameMap& map) {
  const io::StateDict own = io::state_of(module);
  Misfits misfits;
  std::set<std::string> told_ours;
  std::set<std::string> known;
  for (const NameEntry& entry : map.entries) {
    told_ours.insert(entry.ours);
    const auto target = own.tensors.find(entry.ours);
    TESSERA_CHECK(target != own.tensors.end(),
                  kInternal,
                  "the name map tells of \"",
                  entry.ours,
                  "\", which the network does not have");
    for (std::size_t i = 0; i < entry.theirs.size(); ++i) {
      const std::string& name = entry.theirs[i];
      known.insert(name);
      const auto found = published.tensors.find(name);
      const at::Tensor place = block(target->second, i, entry.theirs.size());
      if (found == published.tensors.end()) {
        misfits.missing.push_back(name);
      } else if (!place.defined() || !fits(found->second.sizes(), place.sizes())) {
        misfits.misshaped.push_back(
            concat(name, " ", found->second.sizes(), " for ", target->second.sizes()));
      }
    }
  }
  for (const auto& item : own.tensors) {
    TESSERA_CHECK(told_ours.count(item.first) == 1,
                  kInternal,
                  "the name map tells nothing of \"",
                  item.first,
                  "\"");
  }
  for (const auto& item : published.tensors) {
    if (known.count(item.first) == 0 && !is_ignored(map, item.first)) {
      misfits.unexpected.push_back(item.first);
    }
  }
  return misfits;
}

void load_published(torch::nn::Module& module,
                    const io::StateDict& published,
                    const NameMap& map,
                    const std::string& what) {
  const std::string told = misfits_of(module, published, map).told();
  TESSERA_CHECK(told.empty(), kShapeMismatch, what, " does not fit the network", told);

  const io::StateDict own = io::state_of(module);
  const at::NoGradGuard no_grad;
  for (const NameEntry& entry : map.entries) {
    for (std::size_t i = 0; i < entry.theirs.size(); ++i) {
      at::Tensor place = block(own.tensors.at(entry.ours), i, entry.theirs.size());
      const at::Tensor& source = published.tensors.at(entry.theirs[i]);
      place.copy_(source.reshape(place.sizes()));
      io::check_finite(place, entry.theirs[i], what);
      io::release_pages(source);
    }
  }
}

io::StateDict to_published(const io::StateDict& ours, const NameMap& map) {
  io::StateDict published{.metadata = ours.metadata};
  for (const NameEntry& entry : map.entries) {
    const auto found = ours.tensors.find(entry.ours);
    TESSERA_CHECK(
        found != ours.tensors.end(), kShapeMismatch, "the network has no \"", entry.ours, "\"");
    for (std::size_t i = 0; i < entry.theirs.size(); ++i) {
      const at::Tensor part = block(found->second, i, entry.theirs.size());
      TESSERA_CHECK(part.defined(),
                    kShapeMismatch,
                    "the rows of \"",
                    entry.ours,
                    "\" do not divide by ",
                    entry.theirs.size());
      published.tensors.emplace(entry.theirs[i], part.contiguous());
    }
  }
  TESSERA_CHECK(ours.tensors.size() == map.entries.size(),
                kShapeMismatch,
                "the name map tells of ",
                map.entries.size(),
                " tensors, the network has ",
                ours.tensors.size());
  return published;
}

}  // namespace tessera::pipeline
