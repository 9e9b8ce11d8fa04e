#include "hub/content_hash.h"

#include "core/error.h"

namespace tessera::hub {

std::string hash_kind(const std::string& etag) {
  if (etag.find_first_not_of("0123456789abcdef") != std::string::npos) return "";
  return etag.size() == 64 ? "sha256" : etag.size() == 40 ? "git sha1" : "";
}

ContentHash::ContentHash(const std::string& etag, std::uint64_t size) {
  if (hash_kind(etag) != "git sha1") return;
  const std::string header = concat("blob ", size);
  sum_.emplace<Sha1>().update(header.c_str(), header.size() + 1);  // with its closing zero
}

void ContentHash::update(const void* data, std::size_t size) {
  std::visit([&](auto& sum) { sum.update(data, size); }, sum_);
}

std::string ContentHash::hex() {
  return std::visit([](auto& sum) { return sum.hex(); }, sum_);
}

}  // namespace tessera::hub
