#include "gui/error_text.h"

#include <QCoreApplication>
#include <new>

#include "core/error.h"
#include "engine/history/database.h"

namespace tessera::gui {
namespace {

QString told(const char* text) {
  return QCoreApplication::translate("ErrorText", text);
}

QString hint(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return told(QT_TRANSLATE_NOOP("ErrorText", "Change the setting and try again."));
    case ErrorCode::kShapeMismatch:
      return told(QT_TRANSLATE_NOOP("ErrorText", "The parts of this model do not fit each other."));
    case ErrorCode::kNotFound:
      return told(QT_TRANSLATE_NOOP("ErrorText", "Choose another model or file."));
    case ErrorCode::kCorruptFile:
      return told(QT_TRANSLATE_NOOP("ErrorText",
                                    "The file is damaged: fetch it again, or choose another."));
    case ErrorCode::kUnavailable:
      return told(QT_TRANSLATE_NOOP("ErrorText", "Choose the device \"cpu\" in the settings."));
    case ErrorCode::kIo:
      return told(QT_TRANSLATE_NOOP(
          "ErrorText", "Make room on the disk or check the folder's permissions, then try again."));
    case ErrorCode::kCancelled:
      return {};
    case ErrorCode::kInternal:
      return told(QT_TRANSLATE_NOOP("ErrorText", "This should not happen; please report it."));
  }
  return {};
}

}  // namespace

QString plain_words(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) {
    return told(QT_TRANSLATE_NOOP(
        "ErrorText",
        "There is not enough memory. Close other programs, or draw fewer pictures at once."));
  }
  const QString what = QString::fromUtf8(error.what());
  if (dynamic_cast<const history::Locked*>(&error) != nullptr) {
    return what + "\n" +
           told(QT_TRANSLATE_NOOP("ErrorText",
                                  "Close the other program, or try again in a moment."));
  }
  const auto* ours = dynamic_cast<const Error*>(&error);
  const QString then = ours == nullptr ? hint(ErrorCode::kInternal) : hint(ours->code());
  return then.isEmpty() ? what : what + "\n" + then;
}

}  // namespace tessera::gui
