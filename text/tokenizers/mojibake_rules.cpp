#include "text/tokenizers/mojibake_rules.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/error.h"
#include "text/tokenizers/unicode.h"

namespace tessera::text {
namespace {

struct Class {
  std::u32string_view name{};
  std::u32string_view characters{};  // "a-z" is a range
};

// clang-format off
constexpr std::array<Class, 15> kClasses{{
    // in many contexts, by themselves no sign of anything
    {U"common", U"\u00A0\u00AD·´–—―…’"},
    {U"c1", U"\x80-\x9F"},
    // hardly ever meant
    {U"bad", U"¦¤¨¬¯¸ƒˆˇ˘˛˜†‡‰⌐◊\uFFFDªº"},
    {U"law", U"¶§"},
    {U"currency", U"¢£¥₧€"},
    {U"start", U"¡«¿©΄΅‘‚“„•‹\uF8FF"},
    {U"end", U"®»˝”›™"},
    {U"numeric", U"²³¹±¼½¾×µ÷⁄∂∆∏∑√∞∩∫≈≠≡≤≥№"},
    // letters of faces such as ö_ö, which stand in odd places
    {U"face", U"Ò-ÖÙ-Üò-öø-üŐŌŪŲ°"},
    {U"upper", U"À-ÑØÜÝĂĀĄĆČĎĐĘĚĒĖĞĢİĪĶĹĽŁĻŃŇŅŒŘŚŞŠŢŤŮŰŸŹŻŽҐ"},
    {U"lower", U"ßà-ñăąāćčďđęěēėğģįīķĺľłļœŕśşšťüźżžґ\uFB01\uFB02"},
    {U"upper_common", U"ÞΑ-ΩΆΈΉΊΌΎΏΪΫЁ-Я"},
    {U"lower_common", U"α-ωάέήίΰа-џ"},
    {U"box", U"│┌┐┘├┤┬┼═-╬▀▄█▌▐░▒▓"},
    {U"latin", U"A-Za-z"},
}};

/// A rule is a row of sets that follow one another. "[…]" is a set of characters, ranges and
/// "{class}"; "[^…]" everything else; "\s" white space; "\w" a letter, a number or "_"; "?" behind a
/// set: it may be missing; "^" in front: only where the text begins.
constexpr std::array kRules = std::to_array<std::u32string_view>({
    U"[{c1}]",
    U"[{bad}{lower}{upper}{box}{start}{end}{currency}{numeric}{law}][{bad}]",
    U"[{latin}][{lower_common}{upper_common}][{bad}]",
    U"[{bad}][{lower}{upper}{box}{start}{end}{currency}{numeric}{law}]",
    U"[{lower}{lower_common}{box}{end}{currency}{numeric}][{upper}]",
    U"[{box}{end}{currency}{numeric}][{lower}]",
    U"[{lower}{box}{end}][{currency}]",
    U"\\s[{upper}][{currency}]",
    U"[{upper}{box}][{numeric}{law}]",
    U"[{lower}{upper}{box}{currency}{end}][{start}][{numeric}]",
    U"[{lower}{upper}{currency}{numeric}{box}{law}][{end}][{start}]",
    U"[{currency}{numeric}{box}][{start}]",
    U"[a-z][{upper}][{start}{currency}]",
    U"[{box}][{face}]",
    U"[{lower}{upper}{currency}{numeric}{start}{end}{law}][{box}]",
    U"[{box}][{end}]",
    U"[{lower}{upper}][{start}{end}]\\w",
    // œ before anything but a plain letter, a degree behind a capital
    U"[Œœ][^{latin}]",
    U"[{upper}][°]",
    // windows-1252: Latin letters, superscripts, Arabic (which needs two pairs), South Asian scripts
    U"[ÂÃÎÐ][€œŠš¢£Ÿž\u00A0\u00AD®©°·»{start}{end}–—´]",
    U"[×][²³]",
    U"[ØÙ][{common}{currency}{bad}{numeric}{start}ŸŠ®°µ»][ØÙ][{common}{currency}{bad}{numeric}{start}ŸŠ®°µ»]",
    U"[à][²µ¹¼½¾]",
    // Mac Roman
    U"[√][±∂†≠®™´≤≥¥µø]",
    U"[≈][°¢]",
    U"[‚][Ä][ìîïòôúùû†°¢π]",
    U"[‚][âó][àä°ê]",
    // windows-1251: U+2000 to U+203F, Latin-1 and Cyrillic, and twice read as such
    U"[в][Ђ]",
    U"[ВГРС][{c1}{bad}{start}{end}{currency}°µ][ВГРС]",
    U"[Г][ў][В][Ђ][В][^\n][{latin} ]",
    // windows-1252: à, á, the space that does not break
    U"[Ã][\u00A0¡]",
    U"[a-z]\\s?[ÃÂ][ ]",
    U"^[ÃÂ][ ]",
    U"[a-z.,?!{end}][Â][ {start}{end}]",
    // windows-1253 and windows-1257
    U"[β][€][™\u00A0Ά\u00AD®°]",
    U"[ΒΓΞΟ][{c1}{bad}{start}{end}{currency}°][ΒΓΞΟ]",
    U"[ā][€]",
});
// clang-format on

struct Set {
  std::vector<std::pair<char32_t, char32_t>> ranges{};
  bool negated = false;
  bool optional = false;
  bool word = false;  // letters and numbers besides the ranges

  bool contains(char32_t c) const {
    const auto in = [c](const auto& range) { return c >= range.first && c <= range.second; };
    const bool found =
        std::any_of(ranges.begin(), ranges.end(), in) || (word && (is_letter(c) || is_number(c)));
    return found != negated;
  }
};

struct Rule {
  std::vector<Set> sets{};
  bool at_begin = false;
};

void add_characters(Set& set, std::u32string_view characters) {
  for (std::size_t i = 0; i < characters.size(); ++i) {
    const bool range = i + 2 < characters.size() && characters[i + 1] == U'-';
    set.ranges.emplace_back(characters[i], characters[range ? i + 2 : i]);
    if (range) i += 2;
  }
}

std::u32string_view class_named(std::u32string_view name) {
  const auto found = std::find_if(
      kClasses.begin(), kClasses.end(), [&](const Class& each) { return each.name == name; });
  TESSERA_CHECK(found != kClasses.end(), kInternal, "no class \"", utf8(name), "\"");
  return found->characters;
}

/// What stands between "[" and "]".
Set parse_set(std::u32string_view body) {
  Set set;
  set.negated = body.starts_with(U'^');
  if (set.negated) body.remove_prefix(1);
  while (!body.empty()) {
    const std::size_t plain = std::min(body.find(U'{'), body.size());
    add_characters(set, body.substr(0, plain));
    body.remove_prefix(plain);
    if (body.empty()) break;
    const std::size_t end = body.find(U'}');
    add_characters(set, class_named(body.substr(1, end - 1)));
    body.remove_prefix(end + 1);
  }
  return set;
}

Rule parse_rule(std::u32string_view text) {
  constexpr std::u32string_view kSpaces =
      U"\t-\r\x1C-\x20\u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000";
  Rule rule;
  rule.at_begin = text.starts_with(U'^');
  if (rule.at_begin) text.remove_prefix(1);
  while (!text.empty()) {
    if (text.front() == U'?') {
      rule.sets.back().optional = true;
      text.remove_prefix(1);
    } else if (text.front() == U'\\') {
      Set set{.word = text[1] == U'w'};
      add_characters(set, set.word ? U"_" : kSpaces);
      rule.sets.push_back(std::move(set));
      text.remove_prefix(2);
    } else {
      const std::size_t end = text.find(U']');
      rule.sets.push_back(parse_set(text.substr(1, end - 1)));
      text.remove_prefix(end + 1);
    }
  }
  return rule;
}

bool fits(std::span<const Set> sets, std::u32string_view text) {
  if (sets.empty()) return true;
  const auto rest = sets.subspan(1);
  if (!text.empty() && sets.front().contains(text.front()) && fits(rest, text.substr(1))) {
    return true;
  }
  return sets.front().optional && fits(rest, text);
}

/// The rules, and for every character that one can begin with a bit for each of these.
struct Rules {
  std::vector<Rule> rules{};
  std::unordered_map<char32_t, std::uint64_t> beginning{};
};

Rules parse_rules() {
  static_assert(kRules.size() <= 64, "one bit a rule");
  Rules made;
  for (std::size_t i = 0; i < kRules.size(); ++i) {
    made.rules.push_back(parse_rule(kRules[i]));
    for (const auto& [first, last] : made.rules.back().sets.front().ranges) {
      for (char32_t c = first; c <= last; ++c) made.beginning[c] |= std::uint64_t{1} << i;
    }
  }
  return made;
}

}  // namespace

bool looks_wrongly_decoded(std::u32string_view text) {
  static const Rules rules = parse_rules();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto found = rules.beginning.find(text[i]);
    if (found == rules.beginning.end()) continue;
    for (std::size_t r = 0; r < rules.rules.size(); ++r) {
      const Rule& rule = rules.rules[r];
      if ((found->second >> r & 1) == 0 || (rule.at_begin && i > 0)) continue;
      if (fits(rule.sets, text.substr(i))) return true;
    }
  }
  return false;
}

}  // namespace tessera::text
