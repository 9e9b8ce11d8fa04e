#include "gui/time_text.h"

#include <QCoreApplication>
#include <cmath>

namespace tessera::gui {
namespace {

QString told(const char* text) {
  return QCoreApplication::translate("Duration", text);
}

}  // namespace

QString duration_text(double seconds) {
  if (!(seconds >= 1.0)) return told(QT_TRANSLATE_NOOP("Duration", "under a second"));
  const auto whole = static_cast<long long>(std::llround(seconds));
  constexpr long long kMinute = 60;
  constexpr long long kHour = 3600;
  if (whole < kMinute) return told(QT_TRANSLATE_NOOP("Duration", "%1 s")).arg(whole);
  if (whole < kHour) {
    return told(QT_TRANSLATE_NOOP("Duration", "%1 min %2 s"))
        .arg(whole / kMinute)
        .arg(whole % kMinute);
  }
  return told(QT_TRANSLATE_NOOP("Duration", "%1 h %2 min"))
      .arg(whole / kHour)
      .arg(whole % kHour / kMinute);
}

}  // namespace tessera::gui
