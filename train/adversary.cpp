#include "train/adversary.h"

#include <torch/nn.h>

namespace tessera::train {
namespace {

constexpr std::uint64_t kStream = 0x70617463;  // keeps its weights off the codec's
constexpr double kBeta1 = 0.5;                 // as is usual against an opponent that moves

vqvae::PatchDiscriminator make_network(const AdversaryOptions& o) {
  vqvae::PatchDiscriminator network(
      vqvae::PatchDiscriminatorOptions{.channels = o.channels, .layers = o.layers});
  network->initialise(o.seed ^ kStream);
  network->to(o.device);
  return network;
}

/// Keeps gradients out of the parameters while it lives.
class Frozen {
 public:
  explicit Frozen(const Parameters& parameters) : parameters_(parameters) { set(false); }
  ~Frozen() { set(true); }
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;

 private:
  void set(bool learns) const {
    for (const Parameter& parameter : parameters_) parameter.value.set_requires_grad(learns);
  }
  const Parameters& parameters_;
};

}  // namespace

Adversary::Adversary(const AdversaryOptions& o)
    : learning_rate_(o.learning_rate),
      network_(make_network(o)),
      parameters_(parameters_of(*network_)),
      optimizer_(make_optimizer(parameters_, {.beta1 = kBeta1, .weight_decay = 0})) {}

Adversary::Verdict Adversary::judge(const at::Tensor& images, const at::Tensor& rendered) {
  const Frozen frozen(parameters_);
  const std::vector<at::Tensor> made = network_->forward(rendered);
  std::vector<at::Tensor> truth;
  {
    const at::NoGradGuard no_grad;
    truth = network_->forward(images);
  }
  return {.doubt = -made.back().to(at::kFloat).mean(),
          .distance = vqvae::feature_distance(truth, made)};
}

at::Tensor Adversary::learn(const at::Tensor& images, const at::Tensor& rendered) {
  const at::Tensor loss = vqvae::discriminator_loss(network_->forward(images).back(),
                                                    network_->forward(rendered.detach()).back());
  loss.backward();
  optimizer_->step(take_gradients(parameters_), learning_rate_);
  return loss.detach();
}

TensorMap Adversary::state() const {
  TensorMap all = tensors_of(*network_, "network.");
  add_with_prefix(all, optimizer_->state(), "optimizer.");
  return all;
}

}  // namespace tessera::train
