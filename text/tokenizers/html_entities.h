#pragma once

#include <string>
#include <string_view>

namespace tessera::text {

/// "NAME:HEX" and "NAME=HEX+HEX" parted by spaces, sorted by name: the named characters of HTML 5.
/// "=": also known without the semicolon. Generated, html_entity_table.cpp.
extern const std::string_view kHtmlEntities;

/// Character references as a browser reads them (HTML 5, "character reference state"), the same as
/// Python's html.unescape: names without their semicolon too, numbers of windows-1252's range as
/// its characters, numbers that are no characters as nothing.
std::u32string unescape_html(std::u32string_view text);

/// Only what is plainly meant as a reference: names of at most 24 letters and numbers with their
/// semicolon; also the names that have only small letters in capitals, for the capital character
/// ("&EACUTE;"). This is what ftfy replaces.
std::u32string unescape_plain_html(std::u32string_view text);

}  // namespace tessera::text
