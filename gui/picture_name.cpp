#include "gui/picture_name.h"

#include <QCoreApplication>
#include <QRegularExpression>

#include "core/error.h"
#include "engine/output_names.h"

namespace tessera::gui {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kPromptBytes = 60;
constexpr qsizetype kLiteralBytes = 120;  // of a part: with a prompt and a seed under 255

const QStringList& known_fields() {
  static const QStringList known{"{date}", "{time}", "{prompt}", "{seed}", "{model}"};
  return known;
}

QString told(const char* text) {
  return QCoreApplication::translate("PictureName", text);
}

QString value_of(const QString& field, const PictureNameFields& fields) {
  if (field == "{date}") return fields.when.toString("yyyy-MM-dd");
  if (field == "{time}") return fields.when.toString("HHmmss");
  if (field == "{seed}") return QString::number(fields.seed);
  const std::string& text = field == "{model}" ? fields.model : fields.prompt;
  return QString::fromStdString(engine::name_from_prompt(text, kPromptBytes));
}

}  // namespace

QString problem_of_picture_name(const QString& pattern) {
  QString plain = pattern;
  for (const QString& field : known_fields()) plain.remove(field);
  static const QRegularExpression unknown("\\{[^{}]*\\}");
  const QRegularExpressionMatch found = unknown.match(plain);
  if (found.hasMatch()) {
    return told(QT_TRANSLATE_NOOP("PictureName", "%1 is no field; the fields are %2."))
        .arg(found.captured(), known_fields().join(", "));
  }
  if (plain.contains('{') || plain.contains('}')) {
    return told(QT_TRANSLATE_NOOP("PictureName", "A bracket { or } stands alone."));
  }
  static const QRegularExpression control("[\\x00-\\x1f\\x7f\\\\:*?\"<>|]");
  const QRegularExpressionMatch refused = control.match(plain);
  if (refused.hasMatch()) {
    return told(QT_TRANSLATE_NOOP("PictureName", "The character %1 cannot be part of a name."))
        .arg(refused.captured());
  }
  if (pattern.startsWith('/')) {
    return told(
        QT_TRANSLATE_NOOP("PictureName", "The name begins below the folder, not with a slash."));
  }
  for (const QString& part : pattern.split('/')) {
    if (part.trimmed().isEmpty() || part == "." || part == "..") {
      return told(QT_TRANSLATE_NOOP("PictureName", "A file or folder has no name."));
    }
  }
  for (const QString& part : plain.split('/')) {
    if (part.toUtf8().size() > kLiteralBytes) {
      return told(QT_TRANSLATE_NOOP("PictureName", "The name is too long."));
    }
  }
  return {};
}

fs::path picture_name(const QString& pattern, const PictureNameFields& fields) {
  TESSERA_CHECK(problem_of_picture_name(pattern).isEmpty(),
                kInvalidArgument,
                "pattern of picture names \"",
                pattern.toStdString(),
                "\": ",
                problem_of_picture_name(pattern).toStdString());
  QString name;
  static const QRegularExpression field("\\{\\w+\\}");
  qsizetype copied = 0;
  for (auto each = field.globalMatch(pattern); each.hasNext();) {
    const QRegularExpressionMatch match = each.next();
    name += pattern.mid(copied, match.capturedStart() - copied);
    name += value_of(match.captured(), fields);
    copied = match.capturedEnd();
  }
  return (name + pattern.mid(copied) + ".png").toStdString();
}

fs::path free_name(const fs::path& file) {
  const std::string stem = file.stem().string();
  fs::path free = file;
  for (int number = 2; fs::exists(fs::symlink_status(free)); ++number) {
    free.replace_filename(concat(stem, "-", number, file.extension().string()));
  }
  return free;
}

}  // namespace tessera::gui
