#include "lab/report.h"

#include <filesystem>

#include "core/atomic_file.h"
#include "lab/gallery.h"
#include "lab/save.h"
#include "tests/support/expect_error.h"

namespace tessera::lab {
namespace {

struct NoOptions {
  double width = 2.0;
};
template <typename Visitor>
void visit_fields(Visitor& v, NoOptions& o) {
  v("width", o.width, "of the line");
}

Findings run(const NoOptions& options, const Run& /*run*/) {
  Findings findings;
  findings.equal("α, \"quoted\"", 1.5, 1.25, 0.25);
  findings.at_most("a|b", options.width, 1.0);
  findings.tables.push_back(Table::of_columns("curve", "A curve", {"x", "y"}, {{1, 2}, {3, 4}}));
  findings.tables.back().rows.push_back({"text, too", 5.0});
  findings.notes.push_back("A note.");
  findings.figure = {.panels = {{.layers = {Curve{.x = {0, 1}, .y = {0, 1}}}}}};
  return findings;
}

Experiment example() {
  return make_experiment<NoOptions>({.name = "example",
                                     .topic = "Topic",
                                     .title = "A title.",
                                     .text = "A paragraph.",
                                     .shows = {"a statement"}},
                                    run);
}

TEST(Report, TextIsAlignedByCharacters) {
  EXPECT_EQ(text_table(run({}, {})),
            "quantity     measured  exact  error  tolerance  verdict\n"
            "α, \"quoted\"       1.5   1.25   0.25       0.25  ok\n"
            "a|b                 2   <= 1      1          0  NO\n"
            "A note.\n");
}

TEST(Report, CsvIsQuoted) {
  const Findings findings = run({}, {});
  EXPECT_EQ(rows_csv(findings),
            "quantity,measured,relation,exact,error,tolerance,holds\n"
            "\"α, \"\"quoted\"\"\",1.5,=,1.25,0.25,0.25,true\n"
            "a|b,2,<=,1,1,0,false\n");
  EXPECT_EQ(table_csv(findings.tables[0]), "x,y\n1,3\n2,4\n\"text, too\",5\n");
}

TEST(Report, MarkdownKeepsItsColumns) {
  EXPECT_NE(markdown_table(run({}, {})).find("| a\\|b | 2 | <= 1 | 1 | 0 |\n"), std::string::npos);
}

TEST(Report, JsonHoldsEverything) {
  const Findings findings = run({}, {});
  const std::vector<Assignment> given = {{"width", "2"}};
  const io::Json json = findings_json(example(), given, findings);
  EXPECT_EQ(json["name"], "example");
  EXPECT_EQ(json["settings"]["width"], "2");
  EXPECT_EQ(json["holds"], false);
  EXPECT_EQ(json["rows"][0]["error"], 0.25);
  EXPECT_EQ(json["tables"][0]["rows"][2][0], "text, too");
}

TEST(Report, ComplaintsAreSentences) {
  EXPECT_EQ(complaint({"KL", 0.51, 0.5, 0.001}), "KL = 0.51 is not within 0.001 of 0.5");
  EXPECT_EQ(complaint({"b", 2, 1, 0, Relation::kAtMost}), "b = 2 is more than 1 (tolerance 0)");
}

TEST(Save, WritesFigureAndNumbers) {
  const auto folder = std::filesystem::temp_directory_path() / "tessera-lab-save";
  std::filesystem::remove_all(folder);
  const auto files = save_findings(folder, example(), {}, run({}, {}));
  ASSERT_EQ(files.size(), 5u);
  for (const auto& file : files) EXPECT_TRUE(std::filesystem::is_regular_file(file)) << file;
  EXPECT_EQ(read_file(folder / "example.curve.csv"), table_csv(run({}, {}).tables[0]));
  EXPECT_EQ(read_file(folder / "example.png").substr(1, 3), "PNG");
  std::filesystem::remove_all(folder);
}

TEST(Gallery, NamesWhatDoesNotHold) {
  const auto folder = std::filesystem::temp_directory_path() / "tessera-lab-gallery";
  std::filesystem::remove_all(folder);
  const std::vector<Experiment> table = {example()};
  EXPECT_EQ(write_gallery(folder, table, {}), std::vector<std::string>{"example"});
  const std::string page = read_file(folder / "README.md");
  for (const char* part : {"- [example](#example): A title.",
                           "## Topic",
                           "### example",
                           "A paragraph.",
                           "- a statement",
                           "![A title.](example.png)",
                           "tessera lab run example",
                           "| a\\|b |",
                           "A note."}) {
    EXPECT_NE(page.find(part), std::string::npos) << part;
  }
  EXPECT_TRUE(std::filesystem::is_regular_file(folder / "example.png"));
  std::filesystem::remove_all(folder);
}

Findings fails(const NoOptions& /*options*/, const Run& /*run*/) {
  TESSERA_THROW(kInternal, "no luck");
}

TEST(Gallery, AFailingExperimentCostsItsOwnSectionAlone) {
  const auto folder = std::filesystem::temp_directory_path() / "tessera-lab-gallery-fails";
  std::filesystem::remove_all(folder);
  const std::vector<Experiment> table = {
      make_experiment<NoOptions>({.name = "fails", .topic = "Topic"}, fails), example()};
  EXPECT_EQ(write_gallery(folder, table, {}), (std::vector<std::string>{"fails", "example"}));
  const std::string page = read_file(folder / "README.md");
  EXPECT_NE(page.find("It did not run: no luck"), std::string::npos);
  EXPECT_NE(page.find("### example"), std::string::npos);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace tessera::lab
