#include "hub/repository.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace tessera::hub {
namespace {

TEST(Repository, NamesAndTheirFolders) {
  EXPECT_EQ(Repository("microsoft/vq-diffusion-ithq").folder(),
            "models--microsoft--vq-diffusion-ithq");
  EXPECT_EQ(Repository("gpt2").folder(), "models--gpt2");
  for (const char* name : {"a/b", "A1/b.c_d-e", "gpt2"}) {
    EXPECT_EQ(Repository::of_folder(Repository(name).folder())->name(), name);
  }
  EXPECT_FALSE(Repository::of_folder("datasets--a--b"));
  EXPECT_FALSE(Repository::of_folder("models--a--b--c"));
}

TEST(Repository, WhatIsNoNameIsRefused) {
  for (const char* name : {"",
                           "/",
                           "a/",
                           "/b",
                           "a/b/c",
                           "../b",
                           "a/..",
                           "a/b--c",
                           ".a/b",
                           "a/b-",
                           "a/b c",
                           "a/b\n",
                           "a/b?c",
                           "a/ü"}) {
    EXPECT_FALSE(Repository::parse(name)) << name;
    test::expect_error(ErrorCode::kInvalidArgument, "ORG/NAME", [&] { Repository wrong(name); });
  }
  EXPECT_FALSE(Repository::parse("a/" + std::string(95, 'b')));
  EXPECT_TRUE(Repository::parse("a/" + std::string(94, 'b')));
}

TEST(ListedPath, MustStayInside) {
  for (const char* path : {"config.json", "a/b/c.bin", "...", "a/..b", " a", "ü/é.txt"}) {
    EXPECT_NO_THROW(check_listed_path(path, "m")) << path;
  }
  for (const std::string path : {"",
                                 "/etc/passwd",
                                 "..",
                                 "../x",
                                 "a/../../x",
                                 "a/..",
                                 "./a",
                                 "a/./b",
                                 "a//b",
                                 "a/",
                                 "a\\..\\b",
                                 "a\nb",
                                 "\x1b[31m",
                                 "a\x7f"}) {
    test::expect_error(
        ErrorCode::kCorruptFile, "stay inside", [&] { check_listed_path(path, "m"); });
  }
  const std::string with_zero("a\0b", 3);
  EXPECT_THROW(check_listed_path(with_zero, "m"), Error);
  EXPECT_THROW(check_listed_path(std::string(256, 'a'), "m"), Error);
  EXPECT_NO_THROW(check_listed_path(std::string(255, 'a'), "m"));
}

TEST(Revision, BranchesTagsAndCommits) {
  EXPECT_NO_THROW(check_revision("refs/pr/1"));
  EXPECT_THROW(check_revision("../../etc"), Error);
  EXPECT_THROW(check_revision(""), Error);
  EXPECT_TRUE(is_commit(std::string(40, 'f')));
  EXPECT_FALSE(is_commit("main"));
  EXPECT_FALSE(is_commit(std::string(40, 'g')));
}

TEST(UrlEscaped, KeepsWhatIsPlain) {
  EXPECT_EQ(url_escaped("a-b_c.d~e/f g?h#i%j", Slashes::kKeep), "a-b_c.d~e/f%20g%3Fh%23i%25j");
  EXPECT_EQ(url_escaped("refs/pr/1", Slashes::kEscape), "refs%2Fpr%2F1");
  EXPECT_EQ(url_escaped("é", Slashes::kKeep), "%C3%A9");
}

}  // namespace
}  // namespace tessera::hub
