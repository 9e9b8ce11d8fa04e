#include "cli/help_format.h"

#include <sstream>

namespace tessera::cli {
namespace {

constexpr std::size_t kFirstColumn = 30;
constexpr std::size_t kWidth = 100;

/// `name` on the left, `text` wrapped at words beside it, or below where the name is too long.
std::string entry(const std::string& name, const std::string& text) {
  std::string lines = "  " + name;
  std::size_t column = lines.size();
  if (column + 2 > kFirstColumn) {
    lines.resize(lines.find_last_not_of(' ') + 1);
    lines += "\n";
    column = 0;
  }
  lines += std::string(kFirstColumn - column, ' ');
  column = kFirstColumn;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (column > kFirstColumn && column + 1 + word.size() > kWidth) {
      lines += "\n" + std::string(kFirstColumn, ' ');
      column = kFirstColumn;
    }
    if (column > kFirstColumn) lines += ' ', ++column;
    lines += word;
    column += word.size();
  }
  return lines + "\n";
}

}  // namespace

HelpFormat::HelpFormat() {
  column_width(kFirstColumn);
}

std::string HelpFormat::make_option_opts(const CLI::Option* option) const {
  if (option->get_type_size() == 0) return "";
  std::string text = " " + option->get_type_name();
  // Lists of choices stand in the description of a validator behind a colon.
  const auto choices = text.find(":{");
  if (choices != std::string::npos) {
    text = " " + text.substr(choices + 1);
  } else if (text.find(':') != std::string::npos) {
    text.resize(text.find(':'));
  }
  if (!option->get_default_str().empty()) text += " (" + option->get_default_str() + ")";
  return text;
}

std::string HelpFormat::make_option(const CLI::Option* option, bool is_positional) const {
  const std::string name = is_positional ? option->get_name(true) : option->get_name(false, true);
  std::string shown;  // "-s, --seed"
  for (const char c : name) shown += c == ',' ? std::string(", ") : std::string(1, c);
  return entry(is_positional ? shown : shown + make_option_opts(option), option->get_description());
}

std::string HelpFormat::make_group(std::string group,
                                   bool is_positional,
                                   std::vector<const CLI::Option*> options) const {
  std::string text = group + ":\n";
  for (const CLI::Option* option : options) text += make_option(option, is_positional);
  return text;
}

std::string HelpFormat::make_subcommand(const CLI::App* command) const {
  return entry(command->get_name(), command->get_description());
}

}  // namespace tessera::cli
