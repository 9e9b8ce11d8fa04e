#include "eval/features/facts_json.h"

#include "core/error.h"

namespace tessera::eval {

io::Json facts_to_json(const FeatureFacts& facts) {
  return {{"features", facts.name},
          {"weights", facts.weights},
          {"preprocessing", facts.preprocessing},
          {"precision", facts.precision},
          {"dims", facts.dims}};
}

FeatureFacts facts_from_json(const io::Json& json, const std::string& what) {
  try {
    return {.name = json.at("features").get<std::string>(),
            .weights = json.at("weights").get<std::string>(),
            .preprocessing = json.at("preprocessing").get<std::string>(),
            .precision = json.at("precision").get<std::string>(),
            .dims = json.at("dims").get<std::int64_t>()};
  } catch (const nlohmann::json::exception&) {
    TESSERA_THROW(kCorruptFile, what, ": what it says of its features is incomplete");
  }
}

void check_comparable(const FeatureFacts& a, const FeatureFacts& b, const std::string& what) {
  TESSERA_CHECK(a.name == b.name && a.weights == b.weights && a.preprocessing == b.preprocessing,
                kInvalidArgument,
                what,
                " was computed with ",
                describe(b),
                ", not with ",
                describe(a),
                "; such numbers cannot be compared");
}

std::string describe(const FeatureFacts& facts) {
  return concat(facts.name,
                " (weights ",
                facts.weights.substr(0, 12),
                "), ",
                facts.preprocessing,
                ", ",
                facts.precision);
}

}  // namespace tessera::eval
