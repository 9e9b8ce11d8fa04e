#include "gui/export.h"

#include <QDateTime>
#include <QFile>
#include <QFileInfo>
#include <QImage>
#include <QImageWriter>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSaveFile>

#include "core/atomic_file.h"
#include "core/error.h"
#include "engine/image_files.h"

namespace tessera::gui {
namespace {

constexpr int kQuality = 95;

void save(const QImage& picture, const QString& target, const QByteArray& format) {
  QSaveFile file(target);
  TESSERA_CHECK(file.open(QIODevice::WriteOnly),
                kIo,
                target.toStdString(),
                ": ",
                file.errorString().toStdString());
  QImageWriter writer(&file, format);
  writer.setQuality(kQuality);
  TESSERA_CHECK(writer.write(picture),
                kInvalidArgument,
                target.toStdString(),
                ": cannot be written as ",
                format.toStdString(),
                ": ",
                writer.errorString().toStdString());
  TESSERA_CHECK(file.commit(), kIo, target.toStdString(), ": ", file.errorString().toStdString());
}

void copy_whole(const QString& source, const QString& target) {
  QFile from(source);
  TESSERA_CHECK(from.open(QIODevice::ReadOnly),
                kNotFound,
                source.toStdString(),
                ": ",
                from.errorString().toStdString());
  QSaveFile to(target);
  TESSERA_CHECK(to.open(QIODevice::WriteOnly) && to.write(from.readAll()) >= 0 && to.commit(),
                kIo,
                target.toStdString(),
                ": ",
                to.errorString().toStdString());
}

}  // namespace

void export_pictures(const std::vector<history::Entry>& entries, const QString& target) {
  const QFileInfo name(target);
  const QString ending = name.suffix().isEmpty() ? "png" : name.suffix().toLower();
  int number = 0;
  for (const history::Entry& entry : entries) {
    const QString source = QString::fromStdString(entry.file.string());
    QString to = name.path() + "/" + name.completeBaseName();
    if (entries.size() > 1) to += QString("-%1").arg(++number);
    to += "." + ending;
    if (ending == "png") {
      copy_whole(source, to);
      continue;
    }
    const QImage picture(source);
    TESSERA_CHECK(!picture.isNull(), kNotFound, source.toStdString(), ": cannot be read");
    save(picture, to, ending == "jpg" ? "jpeg" : ending.toLatin1());
  }
}

void export_history(const history::History& history, const QString& target) {
  QJsonArray list;
  for (const std::int64_t id : history.ids({})) {
    const auto entry = history.find(id);
    if (!entry) continue;  // gone meanwhile
    const QDateTime when = QDateTime::fromMSecsSinceEpoch(entry->time, Qt::UTC);
    list.append(QJsonObject{
        {"file", QString::fromStdString(entry->file.string())},
        {"time", when.toString(Qt::ISODateWithMs)},
        {"prompt", QString::fromStdString(entry->prompt)},
        {"favourite", entry->favourite},
        {"record", QJsonDocument::fromJson(QByteArray::fromStdString(entry->record)).object()}});
  }
  write_file_atomically(target.toStdString(), QJsonDocument(list).toJson().toStdString());
}

void export_sheet(const std::vector<history::Entry>& entries, const QString& target) {
  std::vector<engine::SheetPicture> pictures;
  for (const history::Entry& entry : entries) {
    pictures.push_back({.image = engine::read_image(entry.file), .caption = entry.prompt});
  }
  engine::write_png(target.toStdString(), engine::contact_sheet(std::move(pictures), 0));
}

}  // namespace tessera::gui
