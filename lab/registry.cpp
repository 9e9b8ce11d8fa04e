#include "lab/registry.h"

#include "core/error.h"
#include "core/listed.h"
#include "core/spelling.h"
#include "lab/experiments/autoencoders.h"
#include "lab/experiments/coding.h"
#include "lab/experiments/discrete.h"
#include "lab/experiments/editing.h"
#include "lab/experiments/families.h"
#include "lab/experiments/forward.h"
#include "lab/experiments/groundwork.h"
#include "lab/experiments/metrics.h"
#include "lab/experiments/networks.h"
#include "lab/experiments/nonequilibrium.h"
#include "lab/experiments/objective.h"
#include "lab/experiments/pictures.h"
#include "lab/experiments/reverse.h"
#include "lab/experiments/samplers.h"
#include "lab/experiments/score.h"
#include "lab/experiments/text_to_image.h"

namespace tessera::lab {

const std::vector<Experiment>& experiments() {
  static const std::vector<Experiment> table = {
      // Groundwork
      gaussian_densities(),
      gaussian_sums(),
      kl_divergence(),
      markov_chain(),
      jensen(),
      reparameterisation(),
      variational_inference(),
      bayes_inversion(),
      // Forward process
      forward_strip(),
      iterate_or_jump(),
      schedules(),
      noise_horizon(),
      signal_energy(),
      mutual_information(),
      entropy_growth(),
      learned_schedule(),
      // Reverse process
      predictions(),
      reverse_shape(),
      approximations(),
      entropy_bounds(),
      ancestral_sampler(),
      injected_noise(),
      late_picture(),
      // Objective
      trajectory_likelihood(),
      quasi_static(),
      bound_forms(),
      bound_terms(),
      rao_blackwell(),
      loss_weights(),
      time_sampling(),
      target_scales(),
      variance_choices(),
      training_loop(),
      targets_and_losses(),
      // Networks
      unet_sizes(),
      time_embedding(),
      // Bits and codes
      pixel_decoder(),
      bits_per_dimension(),
      rate_distortion_curve(),
      progressive_code(),
      // Score and Langevin
      score_field(),
      score_matching(),
      langevin_dynamics(),
      // Samplers
      ddim_noise(),
      ddim_consistency(),
      ddim_inversion(),
      solver_order(),
      probability_flow(),
      learned_range(),
      // Using the chain
      shared_noise(),
      interpolation(),
      multiplied_distributions(),
      inpainting(),
      denoising_posterior(),
      // On pictures
      recognised_noise(),
      memorised_pictures(),
      dead_leaves_statistics(),
      // Nonequilibrium thermodynamics
      swiss_roll(),
      bernoulli_bits(),
      heartbeat(),
      learned_heartbeat(),
      // Autoencoders
      linear_autoencoder(),
      diffusion_as_autoencoder(),
      // Families
      five_families(),
      coupling_flow(),
      // Discrete diffusion
      transition_matrices(),
      categorical_bits(),
      joint_error(),
      masking_as_autoregression(),
      // Text to image
      text_as_matrix(),
      pictures_as_codes(),
      captions_to_pictures(),
      contrastive_pair(),
      // Metrics
      frechet_bias(),
      overlap_scores(),
  };
  return table;
}

const Experiment& find_experiment(const std::string& name) {
  std::vector<std::string> known;
  for (const Experiment& experiment : experiments()) {
    if (experiment.about.name == name) return experiment;
    known.push_back(experiment.about.name);
  }
  const auto near = nearest_word(name, known);
  TESSERA_THROW(kInvalidArgument,
                "no experiment is named \"",
                name,
                "\"",
                near ? "; did you mean " + *near + "?" : std::string(),
                "; known: ",
                listed(known));
}

}  // namespace tessera::lab
