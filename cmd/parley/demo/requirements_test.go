package demo

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"parley/channels/golden"
)

const (
	repository       = "../../.."
	requirementsPage = repository + "/docs/requirements.md"
	requirementsList = repository + "/docs/requirements.tsv"
)

const requirementsHead = `# What Parley does of what is required

This page is written by a test: ` + "`go test ./cmd/parley/demo -run TestRequirements -update`" + `, or ` + "`make golden`" + `. Each
requirement that works has some of the tests and stories that show it; ` + "`git grep R-001`" + ` finds all of them.
[requirements.tsv](requirements.tsv) is the whole list, with what is not there.

`

// requirement is an entry of the list.
type requirement struct {
	ID, Title, Missing string
	Section            string
	Shown              []string // the tests and stories that show it
}

func (r requirement) status() string {
	switch {
	case len(r.Shown) == 0:
		return "not there"
	case r.Missing != "":
		return "partly"
	}
	return "works"
}

var requirementID = regexp.MustCompile(`\bR-\d{3}\b`)

// TestRequirements writes the page of requirements. It fails if the page isn't up to date, or if a test names a number
// without a requirement.
func TestRequirements(t *testing.T) {
	t.Parallel()
	list := readRequirements(t)
	named := namedByTests(t)
	for i := range list {
		list[i].Shown = named[list[i].ID]
		delete(named, list[i].ID)
	}
	for _, id := range slices.Sorted(maps.Keys(named)) {
		t.Errorf("%s is no requirement of docs/requirements.tsv, but these tests name it: %v", id, named[id])
	}
	golden.Text(t, requirementsPage, writeRequirements(list))
}

// readRequirements reads the list. Each line has a number, a title and what is missing, with tabs between.
func readRequirements(t *testing.T) []requirement {
	t.Helper()
	raw := must(os.ReadFile(requirementsList))(t)
	var list []requirement
	section := ""
	for n, line := range strings.Split(strings.Trim(string(raw), "\n"), "\n") {
		if title, ok := strings.CutPrefix(line, "# "); ok {
			section = title
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != 3 || !requirementID.MatchString(fields[0]) || fields[1] == "" {
			t.Fatalf("docs/requirements.tsv, line %d: a number, a title and what is missing are expected, with tabs between", n+1)
		}
		list = append(list, requirement{ID: fields[0], Title: fields[1], Missing: strings.TrimSpace(fields[2]), Section: section})
	}
	return list
}

// namedByTests returns the tests and stories that name a requirement, by the requirement's number.
func namedByTests(t *testing.T) map[string][]string {
	t.Helper()
	named := map[string][]string{}
	add := func(text, test string) {
		for _, id := range requirementID.FindAllString(text, -1) {
			if !slices.Contains(named[id], test) {
				named[id] = append(named[id], test)
			}
		}
	}

	check(t, filepath.WalkDir(repository, func(path string, d fs.DirEntry, err error) error {
		file := strings.TrimPrefix(filepath.ToSlash(path), repository+"/")
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != repository:
			return fs.SkipDir
		case strings.HasSuffix(path, "_test.go"):
			return testsOf(path, func(test, comment string) { add(comment, "`"+test+"`") })
		case filepath.Dir(file) == "cmd/parley/demo/testdata" && strings.HasSuffix(file, ".txt"):
			raw, err := os.ReadFile(path)
			add(storyHead(string(raw)), "`"+strings.TrimSuffix(d.Name(), ".txt")+"`")
			return err
		}
		return nil
	}))
	return named
}

// testsOf calls each with the tests of a file and the comments above them.
func testsOf(path string, each func(test, comment string)) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
			each(f.Name.Name, f.Doc.Text())
		}
	}
	return nil
}

// storyHead returns the comments at the beginning of a story.
func storyHead(story string) string {
	var head strings.Builder
	for line := range strings.Lines(story) {
		if !strings.HasPrefix(line, "#") {
			break
		}
		head.WriteString(line)
	}
	return head.String()
}

func writeRequirements(list []requirement) string {
	var b strings.Builder
	b.WriteString(requirementsHead)
	count := map[string]int{}
	for _, r := range list {
		count[r.status()]++
	}
	fmt.Fprintf(&b, "%d requirements: %d work, %d work partly, %d are not there.\n", len(list), count["works"], count["partly"],
		count["not there"])

	section := ""
	for _, r := range list {
		if len(r.Shown) == 0 {
			continue
		}
		if r.Section != section {
			section = r.Section
			fmt.Fprintf(&b, "\n## %s\n\n", section)
		}
		partly := ""
		if r.Missing != "" {
			partly = " (*partly*: " + r.Missing + ")"
		}
		fmt.Fprintf(&b, "- %s %s%s: %s\n", r.ID, r.Title, partly, r.some())
	}
	return b.String()
}

// some names the first tests and stories that show a requirement, and counts the others.
func (r requirement) some() string {
	const named = 2
	slices.SortFunc(r.Shown, func(a, b string) int { return strings.Compare(b, a) }) // stories, which are in small letters, first
	first := strings.Join(r.Shown[:min(named, len(r.Shown))], ", ")
	if more := len(r.Shown) - named; more > 0 {
		return fmt.Sprintf("%s +%d", first, more)
	}
	return first
}
