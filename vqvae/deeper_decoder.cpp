#include "vqvae/deeper_decoder.h"

#include <string_view>

#include "vqvae/vqvae.h"

namespace tessera::vqvae {
namespace {

constexpr std::string_view kBlock = "_block";

/// "decoder.level1_block" of "decoder.level1_block2.mix.bias"; empty where it is no block's.
std::string stack_of(std::string_view name) {
  const std::size_t at = name.find(kBlock);
  if (!name.starts_with("decoder.level") || at == std::string_view::npos) return {};
  return std::string(name.substr(0, at + kBlock.size()));
}

}  // namespace

void add_decoder_blocks(std::map<std::string, at::Tensor>& tensors, const VqVaeImpl& model) {
  const auto holds = [&tensors](const std::string& prefix) {
    const auto next = tensors.lower_bound(prefix);
    return next != tensors.end() && next->first.starts_with(prefix);
  };
  std::map<std::string, at::Tensor> added;
  for (const auto& item : model.named_parameters()) {
    const std::string stack = stack_of(item.key());
    if (stack.empty() || !holds(stack + "0.")) continue;
    const std::string block = item.key().substr(0, item.key().find('.', stack.size()) + 1);
    if (!holds(block)) added.emplace(item.key(), item.value().detach());
  }
  tensors.merge(added);
}

}  // namespace tessera::vqvae
