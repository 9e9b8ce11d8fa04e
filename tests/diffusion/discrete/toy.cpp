#include "toy.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

#include <ATen/ATen.h>

namespace tessera::diffusion::oracle {
namespace {

std::vector<std::size_t> digits(std::size_t number, std::size_t base, std::size_t count) {
  std::vector<std::size_t> out(count);
  for (std::size_t i = count; i-- > 0; number /= base) out[i] = number % base;
  return out;
}

std::size_t power(std::size_t base, std::size_t exponent) {
  std::size_t out = 1;
  for (std::size_t i = 0; i < exponent; ++i) out *= base;
  return out;
}

bool is_given(const Given& given, std::size_t token) {
  return !given.empty() && given[token] >= 0;
}

/// Spreads `mass` over all canvases whose token n has law `laws[n]`.
void add_product(const Toy& toy, const std::vector<Vector>& laws, Real mass, Vector& out) {
  for (std::size_t canvas = 0; canvas < toy.canvases(); ++canvas) {
    const auto states = toy.tokens_of(canvas);
    Real p = mass;
    for (std::size_t n = 0; n < toy.tokens; ++n) p *= laws[n][states[n]];
    out[canvas] += p;
  }
}

Vector certainly(std::size_t state, std::size_t states) {
  Vector law(states, 0.0L);
  law[state] = 1.0L;
  return law;
}

/// One stride of confidence-ordered decoding from one canvas.
class ConfidenceStride {
 public:
  ConfidenceStride(const Toy& toy, const TimeStep& time, const Given& given, double temperature)
      : toy_(toy),
        time_(time),
        given_(given),
        warmth_(temperature *
                (1.0 - static_cast<double>(time.index + 1) / static_cast<double>(time.count))) {}

  void run(std::size_t canvas, Real mass, Vector& out) {
    states_ = toy_.tokens_of(canvas);
    const auto p = toy_.denoise(canvas, static_cast<std::size_t>(time_.from));
    const std::size_t mask = toy_.chain.states() - 1;
    std::vector<std::size_t> open;
    std::size_t fixed = 0;
    for (std::size_t n = 0; n < toy_.tokens; ++n) {
      fixed += is_given(given_, n) ? 1 : 0;
      const bool known = is_given(given_, n) || (time_.index > 0 && states_[n] != mask);
      if (!known) {
        open.push_back(n);
        states_[n] = mask;
      }
    }
    const double angle = std::numbers::pi * static_cast<double>(time_.index + 1) /
                         (2.0 * static_cast<double>(time_.count));
    const std::size_t free = toy_.tokens - fixed;
    const auto share = static_cast<std::size_t>(
        std::lround(static_cast<double>(free) * (1.0 - std::cos(angle)) - 1e-9));
    const std::size_t least = std::min(free, static_cast<std::size_t>(time_.index) + 1);
    const std::size_t kept = fixed + std::max(share, least);
    const std::size_t known = toy_.tokens - open.size();
    wanted_ = kept > known ? kept - known : 0;
    draw(open, p, 0, mass, out);
  }

 private:
  /// Every way to draw candidates for the open tokens ...
  void draw(const std::vector<std::size_t>& open,
            const std::vector<Vector>& p,
            std::size_t at,
            Real mass,
            Vector& out) {
    if (at == open.size()) return keep(open, p, wanted_, states_, mass, out);
    for (std::size_t k = 0; k < p[open[at]].size(); ++k) {
      candidate_.resize(toy_.tokens);
      candidate_[open[at]] = k;
      draw(open, p, at + 1, mass * p[open[at]][k], out);
    }
  }

  /// ... and to keep the `left` surest. Gumbel noise of temperature c on log p picks one after the
  /// other in proportion to p^(1/c) (Plackett and Luce).
  void keep(const std::vector<std::size_t>& open,
            const std::vector<Vector>& p,
            std::size_t left,
            const std::vector<std::size_t>& states,
            Real mass,
            Vector& out) {
    if (left == 0 || open.empty()) {
      out[toy_.canvas_of(states)] += mass;
      return;
    }
    if (left == open.size()) {  // all of them, in whatever order; also where c = 0
      std::vector<std::size_t> next = states;
      for (const std::size_t n : open) next[n] = candidate_[n];
      out[toy_.canvas_of(next)] += mass;
      return;
    }
    Vector weight;
    Real sum = 0.0L;
    for (const std::size_t n : open) {
      weight.push_back(std::pow(p[n][candidate_[n]], 1.0L / static_cast<Real>(warmth_)));
      sum += weight.back();
    }
    for (std::size_t i = 0; i < open.size(); ++i) {
      std::vector<std::size_t> rest = open;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
      std::vector<std::size_t> next = states;
      next[open[i]] = candidate_[open[i]];
      keep(rest, p, left - 1, next, mass * weight[i] / sum, out);
    }
  }

  const Toy& toy_;
  TimeStep time_;
  Given given_;
  double warmth_;
  std::size_t wanted_ = 0;
  std::vector<std::size_t> states_{};
  std::vector<std::size_t> candidate_{};
};

/// One stride that shows a number of places, from one canvas.
class RevealStride {
 public:
  RevealStride(const Toy& toy, const TimeStep& time, const Given& given, const RevealRule& rule)
      : toy_(toy), time_(time), given_(given), rule_(rule) {}

  void run(std::size_t canvas, Real mass, Vector& out) const {
    const std::size_t mask = toy_.chain.states() - 1;
    std::vector<std::size_t> states = toy_.tokens_of(canvas);
    std::vector<Vector> p = toy_.denoise(canvas, static_cast<std::size_t>(time_.from));
    Vector score(toy_.tokens, 1.0L);
    if (rule_.by_purity) score = sharpen(p);
    std::vector<std::size_t> hidden;
    for (std::size_t n = 0; n < toy_.tokens; ++n) {
      if (is_given(given_, n) || (time_.index > 0 && states[n] != mask)) continue;
      hidden.push_back(n);
      states[n] = mask;
    }
    const double share = time_.reveal->hidden == 0 ? 1.0
                                                   : static_cast<double>(time_.reveal->places) /
                                                         static_cast<double>(time_.reveal->hidden);
    const auto shown =
        static_cast<std::size_t>(std::lround(share * static_cast<double>(hidden.size())));
    show(hidden, score, p, shown, states, mass, out);
  }

 private:
  /// The score of each place; p becomes the sharpened one.
  Vector sharpen(std::vector<Vector>& p) const {
    Vector score;
    Real largest = 0.0L;
    for (const Vector& token : p) {
      score.push_back(*std::max_element(token.begin(), token.end()));
      largest = std::max(largest, score.back());
    }
    for (std::size_t n = 0; n < p.size(); ++n) {
      score[n] /= largest;
      Real sum = 0.0L;
      for (Real& one : p[n]) sum += one = std::pow(one, 1.0L + Real(rule_.weight) * score[n]);
      for (Real& one : p[n]) one /= sum;
    }
    return score;
  }

  /// Every place that can come next, and every code that it can show.
  void show(const std::vector<std::size_t>& hidden,
            const Vector& score,
            const std::vector<Vector>& p,
            std::size_t left,
            const std::vector<std::size_t>& states,
            Real mass,
            Vector& out) const {
    if (left == 0) {
      out[toy_.canvas_of(states)] += mass;
      return;
    }
    Real sum = 0.0L;
    for (const std::size_t n : hidden) sum += score[n];
    for (std::size_t i = 0; i < hidden.size(); ++i) {
      const std::size_t n = hidden[i];
      std::vector<std::size_t> rest = hidden;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
      std::vector<std::size_t> next = states;
      for (std::size_t k = 0; k < p[n].size(); ++k) {
        next[n] = k;
        show(rest, score, p, left - 1, next, mass * score[n] / sum * p[n][k], out);
      }
    }
  }

  const Toy& toy_;
  TimeStep time_;
  Given given_;
  RevealRule rule_;
};

/// One stride of the chain itself, from one canvas.
void ancestral_stride(const Toy& toy,
                      const TimeStep& time,
                      const Given& given,
                      std::size_t canvas,
                      Real mass,
                      Vector& out) {
  const auto t = static_cast<std::size_t>(time.from);
  const auto s = static_cast<std::size_t>(time.to);
  const auto states = toy.tokens_of(canvas);
  std::vector<Vector> laws = toy.denoise(canvas, t);
  for (std::size_t n = 0; n < toy.tokens; ++n) {
    laws[n] = is_given(given, n) ? certainly(states[n], toy.chain.states())
                                 : toy.chain.posterior(laws[n], states[n], t, s);
  }
  add_product(toy, laws, mass, out);
}

}  // namespace

std::size_t Toy::canvases() const {
  return power(chain.states(), tokens);
}

std::vector<std::size_t> Toy::tokens_of(std::size_t canvas) const {
  return digits(canvas, chain.states(), tokens);
}

std::size_t Toy::canvas_of(const std::vector<std::size_t>& states) const {
  std::size_t canvas = 0;
  for (const std::size_t s : states) canvas = canvas * chain.states() + s;
  return canvas;
}

std::vector<std::size_t> Toy::codes_of(std::size_t picture) const {
  return digits(picture, static_cast<std::size_t>(chain.codes), tokens);
}

std::vector<Vector> Toy::denoise(std::size_t canvas, std::size_t t) const {
  const Matrix q = chain.between(0, t);
  const auto states = tokens_of(canvas);
  std::vector<Vector> p(tokens, Vector(static_cast<std::size_t>(chain.codes), 0.0L));
  Real total = 0.0L;
  for (std::size_t picture = 0; picture < data.size(); ++picture) {
    const auto codes = codes_of(picture);
    Real joint = data[picture];
    for (std::size_t n = 0; n < tokens; ++n) joint *= q[codes[n]][states[n]];
    for (std::size_t n = 0; n < tokens; ++n) p[n][codes[n]] += joint;
    total += joint;
  }
  for (Vector& token : p)
    for (Real& one : token)
      one = total > 0.0L ? one / total : 1.0L / static_cast<Real>(chain.codes);
  return p;
}

at::Tensor Toy::answers(std::size_t t) const {
  std::vector<at::Tensor> rows;
  for (std::size_t canvas = 0; canvas < canvases(); ++canvas) {
    for (const Vector& token : denoise(canvas, t)) rows.push_back(as_tensor(token).log());
  }
  return at::stack(rows).view(
      {static_cast<std::int64_t>(canvases()), static_cast<std::int64_t>(tokens), chain.codes});
}

Vector start_law(const Toy& toy, const Given& given) {
  const at::Tensor prior = make_transition(toy.chain.options, toy.chain.codes)->log_prior().exp();
  Vector one;
  for (std::int64_t i = 0; i < prior.size(0); ++i) one.push_back(prior[i].item<double>());
  std::vector<Vector> laws(toy.tokens, one);
  for (std::size_t n = 0; n < toy.tokens; ++n) {
    if (is_given(given, n)) {
      laws[n] = certainly(static_cast<std::size_t>(given[n]), toy.chain.states());
    }
  }
  Vector law(toy.canvases(), 0.0L);
  add_product(toy, laws, 1.0L, law);
  return law;
}

Vector ancestral_law(const Toy& toy, const std::vector<TimeStep>& plan, const Given& given) {
  Vector law = start_law(toy, given);
  for (const TimeStep& time : plan) {
    Vector next(law.size(), 0.0L);
    for (std::size_t canvas = 0; canvas < law.size(); ++canvas) {
      if (law[canvas] > 0.0L) ancestral_stride(toy, time, given, canvas, law[canvas], next);
    }
    law = next;
  }
  return law;
}

Vector reveal_law(const Toy& toy,
                  const std::vector<TimeStep>& plan,
                  const Given& given,
                  const RevealRule& rule) {
  Vector law = start_law(toy, given);
  for (const TimeStep& time : plan) {
    Vector next(law.size(), 0.0L);
    const RevealStride stride(toy, time, given, rule);
    for (std::size_t canvas = 0; canvas < law.size(); ++canvas) {
      if (law[canvas] == 0.0L) continue;
      if (time.reveal) {
        stride.run(canvas, law[canvas], next);
      } else {
        ancestral_stride(toy, time, given, canvas, law[canvas], next);
      }
    }
    law = next;
  }
  return law;
}

Vector confidence_law(const Toy& toy,
                      const std::vector<TimeStep>& plan,
                      const Given& given,
                      double temperature) {
  Vector law = start_law(toy, given);
  for (const TimeStep& time : plan) {
    Vector next(law.size(), 0.0L);
    ConfidenceStride stride(toy, time, given, temperature);
    for (std::size_t canvas = 0; canvas < law.size(); ++canvas) {
      if (law[canvas] > 0.0L) stride.run(canvas, law[canvas], next);
    }
    law = next;
  }
  return law;
}

Vector pictures(const Toy& toy, const Vector& law) {
  Vector out(toy.data.size(), 0.0L);
  for (std::size_t picture = 0; picture < out.size(); ++picture) {
    out[picture] = law[toy.canvas_of(toy.codes_of(picture))];
  }
  return out;
}

Vector conditional(const Toy& toy, const Given& given) {
  Vector out(toy.data.size(), 0.0L);
  Real total = 0.0L;
  for (std::size_t picture = 0; picture < out.size(); ++picture) {
    const auto codes = toy.codes_of(picture);
    bool fits = true;
    for (std::size_t n = 0; n < toy.tokens; ++n) {
      fits &= !is_given(given, n) || codes[n] == static_cast<std::size_t>(given[n]);
    }
    if (fits) total += out[picture] = toy.data[picture];
  }
  for (Real& p : out) p /= total;
  return out;
}

double total_variation(const Vector& a, const Vector& b) {
  Real sum = 0.0L;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] - b[i]);
  return static_cast<double>(sum / 2.0L);
}

}  // namespace tessera::diffusion::oracle
