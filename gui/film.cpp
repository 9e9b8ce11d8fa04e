#include "gui/film.h"

#include <algorithm>
#include <utility>

namespace tessera::gui {

Frame& Film::at_step(int step) {
  const auto place = std::lower_bound(
      frames_.begin(), frames_.end(), step, [](const Frame& f, int s) { return f.step < s; });
  if (place != frames_.end() && place->step == step) return *place;
  return *frames_.insert(place, Frame{.step = step});
}

void Film::add_picture(int step, QImage picture) {
  at_step(step).picture = std::move(picture);
}

void Film::add_tokens(int step, engine::TokenGrid tokens) {
  at_step(step).tokens = std::move(tokens);
}

void Film::finish(int steps, QImage picture) {
  at_step(steps).picture = std::move(picture);
}

QImage Film::picture_at(int index) const {
  for (int k = std::min(index, size() - 1); k >= 0; --k) {
    if (!frame(k).picture.isNull()) return frame(k).picture;
  }
  return {};
}

engine::TokenGrid Film::tokens_before(int index) const {
  return index > 0 && index <= size() ? frame(index - 1).tokens : engine::TokenGrid{};
}

}  // namespace tessera::gui
