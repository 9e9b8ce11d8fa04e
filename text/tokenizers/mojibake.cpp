#include "text/tokenizers/mojibake.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "io/utf8.h"
#include "text/tokenizers/code_pages.h"
#include "text/tokenizers/mojibake_rules.h"
#include "text/tokenizers/unicode.h"

namespace tessera::text {
namespace {

constexpr unsigned char kNoBreakSpace = 0xA0;
constexpr unsigned char kSubstitute = 0x1A;  // stands for U+FFFD in the sloppy encodings

unsigned char byte_at(std::string_view bytes, std::size_t i) {
  return static_cast<unsigned char>(bytes[i]);
}

bool within(unsigned char c, unsigned char first, unsigned char last) {
  return c >= first && c <= last;
}

bool is_continuation(unsigned char c) {
  return within(c, 0x80, 0xBF);
}

/// Bytes of a UTF-8 character at the begin of `bytes` whose one 0xA0 has become a space, or 0. Only
/// for leads that then make likely characters.
std::size_t altered_length(std::string_view bytes) {
  const auto at = [&](std::size_t i) {
    return i < bytes.size() ? byte_at(bytes, i) : static_cast<unsigned char>(0);
  };
  const auto tail = [](unsigned char c) {  // 0x85 and 0xA0 are spaces themselves
    return is_continuation(c) && c != 0x85 && c != kNoBreakSpace;
  };
  constexpr std::string_view kLeadsOfTwo = "\xC2\xC3\xC5\xCE\xD0\xD9";
  const unsigned char lead = at(0);
  if (kLeadsOfTwo.find(bytes[0]) != kLeadsOfTwo.npos && at(1) == ' ') return 2;
  if ((lead == 0xE2 || lead == 0xE3) && at(1) == ' ' && tail(at(2))) return 3;
  if (within(lead, 0xE0, 0xE3) && tail(at(1)) && at(2) == ' ') return 3;
  if (lead != 0xF0) return 0;
  int spaces = 0;
  for (std::size_t i = 1; i < 4; ++i) {
    if (at(i) == ' ') {
      ++spaces;
    } else if (!is_continuation(at(i))) {
      return 0;
    }
  }
  return spaces == 1 ? 4 : 0;
}

/// "Ã la" was "à la" and "Ã " any other word: the space stays behind the à, except in the
/// Portuguese às, àquele, àquela, àquilo.
std::string separate_a_grave(std::string_view bytes) {
  constexpr std::string_view kAGrave = "\xC3 ";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::string_view rest = bytes.substr(i);
    out += bytes[i];
    if (!rest.starts_with(kAGrave)) continue;
    const std::string_view next = rest.substr(kAGrave.size());
    const bool joined = next.starts_with(' ') || next.starts_with("quele") ||
                        next.starts_with("quela") || next.starts_with("quilo") ||
                        next.starts_with("s ");
    if (!joined) out += static_cast<char>(kNoBreakSpace);
  }
  return out;
}

std::string restore_no_break_spaces(std::string_view bytes) {
  const auto any_altered = [](std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (altered_length(text.substr(i)) > 0) return true;
    }
    return false;
  };
  if (!any_altered(bytes)) return std::string(bytes);
  std::string out = separate_a_grave(bytes);
  for (std::size_t i = 0; i < out.size();) {
    const std::size_t length = altered_length(std::string_view(out).substr(i));
    for (std::size_t j = i; j < i + length; ++j) {
      if (out[j] == ' ') out[j] = static_cast<char>(kNoBreakSpace);
    }
    i += std::max<std::size_t>(length, 1);
  }
  return out;
}

/// Bytes of a UTF-8 character at the begin of `bytes` some of which were lost (0x1A, and once "?"),
/// or 0.
std::size_t lossy_length(std::string_view bytes) {
  const auto at = [&](std::size_t i) {
    return i < bytes.size() ? byte_at(bytes, i) : static_cast<unsigned char>(0);
  };
  const auto lost = [&](std::size_t i) { return at(i) == kSubstitute || at(i) == '?'; };
  const auto tail = [&](std::size_t i) { return at(i) == kSubstitute || is_continuation(at(i)); };
  const unsigned char lead = at(0);
  if (within(lead, 0xC2, 0xDF) && at(1) == kSubstitute) return 2;
  if (within(lead, 0xC2, 0xC3) && at(1) == '?') return 2;
  const bool surrogates =
      lead == 0xED && within(at(1), 0xA0, 0xAF) && at(3) == 0xED && within(at(4), 0xB0, 0xBF);
  if (surrogates && ((lost(2) && (lost(5) || tail(5))) || ((lost(2) || tail(2)) && lost(5)))) {
    return 6;
  }
  const std::size_t length = within(lead, 0xE0, 0xEF) ? 3 : within(lead, 0xF0, 0xF4) ? 4 : 0;
  for (std::size_t gap = 1; gap < length; ++gap) {
    bool fits = lost(gap);
    for (std::size_t i = 1; i < length; ++i) fits = fits && (i == gap || tail(i));
    if (fits) return length;
  }
  return lead == kSubstitute ? 1 : 0;
}

std::string replace_lossy(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size();) {
    const std::size_t length = lossy_length(bytes.substr(i));
    if (length > 0) {
      out += "\xEF\xBF\xBD";
    } else {
      out += bytes[i];
    }
    i += std::max<std::size_t>(length, 1);
  }
  return out;
}

/// UTF-8, also with surrogates encoded apart and U+0000 as 0xC0 0x80; nothing where it is not.
std::optional<std::u32string> read_utf8(std::string_view bytes) {
  constexpr std::string_view kJavaNull("\xC0\x80");
  std::string plain;
  while (!bytes.empty()) {
    std::size_t length = io::utf8_length(bytes);
    if (length > 0) {
      plain += bytes.substr(0, length);
    } else if (bytes.starts_with(kJavaNull)) {
      plain += '\0';
      length = kJavaNull.size();
    } else {
      constexpr std::size_t kPair = 6;
      const std::u32string pair = code_points(bytes.substr(0, kPair));
      if (bytes.size() < kPair || pair.size() != 1) return std::nullopt;
      plain += utf8(pair);
      length = kPair;
    }
    bytes.remove_prefix(length);
  }
  return code_points(plain);
}

/// What a character may be in UTF-8 that was read as one of the encodings like Latin-1.
enum Part : unsigned { kFirstOf2 = 1, kFirstOf3 = 2, kFirstOf4 = 4, kTail = 8, kSureTail = 16 };

std::unordered_map<char32_t, unsigned> parts_of_utf8() {
  constexpr std::size_t kLikeLatin1 = 7;  // the others have no letters at these bytes
  constexpr std::u32string_view kPunctuation = U"–—―‘’‚“”„•…";
  std::unordered_map<char32_t, unsigned> parts{{U' ', kTail}};
  for (std::size_t page = 0; page < kLikeLatin1; ++page) {
    for (unsigned byte = 0x80; byte < 0x100; ++byte) {
      const char32_t c = decoded(kCodePages.at(page), static_cast<unsigned char>(byte));
      unsigned& part = parts[c];
      if (byte < 0xC0) {
        part |= kTail | (kPunctuation.find(c) == kPunctuation.npos ? kSureTail : 0u);
      } else if (byte >= 0xC2 && byte < 0xE0) {
        part |= kFirstOf2;
      } else if (byte >= 0xE0 && byte < 0xF0) {
        part |= kFirstOf3;
      } else if (byte == 0xF0 || byte == 0xF3) {
        part |= kFirstOf4;
      }
    }
  }
  return parts;
}

unsigned part_of(char32_t c) {
  static const std::unordered_map<char32_t, unsigned> parts = parts_of_utf8();
  const auto found = parts.find(c);
  return found == parts.end() ? 0 : found->second;
}

/// Characters of the run of read-wrongly UTF-8 sequences that begins `text`.
std::size_t run_length(std::u32string_view text) {
  std::size_t end = 0;
  while (end < text.size()) {
    std::size_t tails = 0;
    while (tails < 3 && end + 1 + tails < text.size() &&
           (part_of(text[end + 1 + tails]) & kTail) != 0) {
      ++tails;
    }
    const unsigned part = part_of(text[end]);
    const std::size_t length = (part & kFirstOf2) != 0 && tails >= 1   ? 2
                               : (part & kFirstOf3) != 0 && tails >= 2 ? 3
                               : (part & kFirstOf4) != 0 && tails >= 3 ? 4
                                                                       : 0;
    if (length == 0) break;
    end += length;
  }
  return end;
}

std::u32string fix_runs(std::u32string_view text) {
  std::u32string out;
  for (std::size_t i = 0; i < text.size();) {
    const bool inside = i > 0 && (part_of(text[i - 1]) & kSureTail) != 0;
    const std::size_t length = inside ? 0 : run_length(text.substr(i));
    const std::u32string_view run = text.substr(i, std::max<std::size_t>(length, 1));
    if (length > 0 && length < text.size() && looks_wrongly_decoded(run)) {
      out += fix_encoding(run);
    } else {
      out += run;
    }
    i += run.size();
  }
  return out;
}

/// The text as Latin-1 that was meant as windows-1252, where it is.
std::u32string fix_controls(std::u32string_view text) {
  std::u32string out(text);
  std::transform(out.begin(), out.end(), out.begin(), windows_1252_of_control);
  return out;
}

std::u32string fix_once(std::u32string_view text) {
  const bool ascii = std::all_of(text.begin(), text.end(), [](char32_t c) { return c < 0x80; });
  if (ascii || !looks_wrongly_decoded(text)) return std::u32string(text);
  for (const CodePageRow& page : kCodePages) {
    std::optional<std::string> bytes = encoded(page, text);
    if (!bytes) continue;
    // in Mac Roman a dash before a space would look altered
    if (page.name != "macroman") bytes = restore_no_break_spaces(*bytes);
    if (page.sloppy) bytes = replace_lossy(*bytes);
    if (auto read = read_utf8(*bytes)) return *read;
  }
  std::u32string fixed = fix_runs(text);
  return fixed != text ? fixed : fix_controls(text);
}

}  // namespace

std::u32string fix_encoding(std::u32string_view text) {
  std::u32string before(text);
  for (;;) {
    std::u32string after = fix_once(before);
    if (after == before) return after;
    before = std::move(after);
  }
}

}  // namespace tessera::text
