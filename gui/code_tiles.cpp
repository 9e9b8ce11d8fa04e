#include "gui/code_tiles.h"

#include "gui/studio.h"

namespace tessera::gui {

CodeTiles::CodeTiles(Studio& studio, QObject* parent) : QObject(parent), studio_(studio) {
  connect(&studio, &Studio::modelOpening, this, [this] {
    painted_.clear();
    wanted_.clear();
  });
  connect(&studio, &Studio::codePainted, this, [this](int code, const QImage& image) {
    asked_ = false;
    painted_.insert(code, image);
    Q_EMIT painted(code);
    askNext();
  });
}

void CodeTiles::want(const std::vector<int>& wanted, int codes) {
  codes_ = codes;
  wanted_.assign(wanted.begin(), wanted.end());
  askNext();
}

void CodeTiles::askNext() {
  while (!asked_ && !wanted_.empty()) {
    const int code = wanted_.front();
    wanted_.pop_front();
    if (painted_.contains(code)) continue;
    asked_ = true;
    Q_EMIT studio_.codeRequested(code, codes_);
  }
}

}  // namespace tessera::gui
