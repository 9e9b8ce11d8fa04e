#pragma once

#include <QImage>
#include <cstdint>
#include <vector>

#include "engine/image.h"

namespace tessera::gui {

/// Format_RGB888; shares nothing with `image`. A null picture of an empty one.
QImage to_qimage(const engine::Image& image);

/// Of any format; transparency is laid on white.
engine::Image to_engine_image(const QImage& image);

/// A picture of at most `side` pixels a side, as the bytes of a PNG.
std::vector<std::uint8_t> thumbnail_of(const QImage& image, int side);

}  // namespace tessera::gui
