package app_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// sourceFiles reads the repository's files with one of these endings, by their paths in it.
func sourceFiles(t *testing.T, root string, endings ...string) map[string]string {
	t.Helper()
	all := map[string]string{}
	check(t, filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".git") || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if !d.IsDir() && slices.Contains(endings, filepath.Ext(p)) {
			raw, err := os.ReadFile(p)
			name, _ := filepath.Rel(root, p)
			all[filepath.ToSlash(name)] = string(raw)
			return err
		}
		return nil
	}))
	return all
}

// strayReference finds references in a comment that a reader of the repository may not be able to open. The number of a
// requirement is in the first group, that of an invariant in the second.
var strayReference = regexp.MustCompile(`\b(R-\d{3})\b|\binvariant (\d+)|(?:the (?:requirements|design)\b(?: of)?|\b(?:reference/\w+|` +
	`design|requirements)\.md)`)

// strayReferences returns the references of a text that lead to no page. The numbers in docs/requirements.tsv and
// docs/invariants.md lead to one.
func strayReferences(text, requirements, invariants string) (stray []string) {
	for line := range strings.Lines(text) {
		if mayRefer(line) {
			stray = append(stray, strayReferencesOf(line, requirements, invariants)...)
		}
	}
	return stray
}

// mayRefer reports whether a line can hold a reference: looking for these words takes a twentieth of the expression's time.
func mayRefer(line string) bool {
	return slices.ContainsFunc([]string{"R-", "invariant ", "requirements", "design", ".md"},
		func(word string) bool { return strings.Contains(line, word) })
}

func strayReferencesOf(line, requirements, invariants string) (stray []string) {
	for _, m := range strayReference.FindAllStringSubmatchIndex(line, -1) {
		what := line[m[0]:m[1]]
		switch {
		case m[2] >= 0 && strings.Contains(requirements, "\n"+what+"\t"):
		case m[4] >= 0 && strings.Contains(invariants, "\n## "+line[m[4]:m[5]]+". "):
		case strings.HasSuffix(line[:m[0]], "docs/"):
		default:
			stray = append(stray, what)
		}
	}
	return stray
}

// TestCommentsLeadSomewhere finds numbers and names in code that lead to no page of the repository.
func TestCommentsLeadSomewhere(t *testing.T) {
	t.Parallel()
	requirements, invariants := readDoc(t, "docs/requirements.tsv"), readDoc(t, "docs/invariants.md")
	for name, text := range sourceFiles(t, moduleRoot(t), ".go", ".sql") {
		if name == "cmd/parley/app/docs_references_test.go" {
			continue
		}
		for _, what := range strayReferences(text, requirements, invariants) {
			t.Errorf("%s: %q leads to no page of this repository: name docs/requirements.md or docs/invariants.md, or say what is meant", name, what)
		}
	}
}

// declared returns the names that a Go file declares: functions, methods, types, constants, variables.
func declared(t *testing.T, text string) (names []string) {
	t.Helper()
	file := must(parser.ParseFile(token.NewFileSet(), "", text, parser.SkipObjectResolution))(t)
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			names = append(names, d.Name.Name)
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					names = append(names, s.Name.Name)
				case *ast.ValueSpec:
					for _, id := range s.Names {
						names = append(names, id.Name)
					}
				}
			}
		}
	}
	return names
}

// namedPlace is a file and what is declared in it.
var namedPlace = regexp.MustCompile("`([\\w/]+\\.go)`: (`\\w+`(?:, `\\w+`)*)")

// TestDocsNameFunctions finds functions that the documentation names in a file where they aren't, and
// tests that it names and that aren't there.
func TestDocsNameFunctions(t *testing.T) {
	t.Parallel()
	places, tests := 0, 0
	files, known := sourceFiles(t, moduleRoot(t), ".go"), map[string]bool{}
	for name, text := range files {
		for _, test := range findAll(text, `(?m)^func (Test\w+)\(`) {
			known[test] = strings.HasSuffix(name, "_test.go")
		}
	}

	for _, doc := range []string{"docs/architecture.md", "docs/contributing.md", "docs/invariants.md"} {
		text := readDoc(t, doc)
		for _, m := range namedPlace.FindAllStringSubmatch(text, -1) {
			if files[m[1]] == "" {
				t.Errorf("%s names %s, which is not there", doc, m[1])
				continue
			}
			names := declared(t, files[m[1]])
			for _, f := range findAll(m[2], "`(\\w+)`") {
				places++
				if !slices.Contains(names, f) {
					t.Errorf("%s: there is no %s in %s", doc, f, m[1])
				}
			}
		}
		for _, test := range findAll(text, "`(Test\\w+)`") {
			tests++
			if !known[test] {
				t.Errorf("%s names the test %s, which is not there", doc, test)
			}
		}
	}

	if places < 25 || tests < 25 {
		t.Errorf("only %d functions and %d tests are named: the pages lost them, or this test can't read them any more", places, tests)
	}
}

// TestArchitectureNamesPackages finds packages that the page leaves out, but for those that belong to a package above them,
// and holds the table of behaviours to a useful length.
func TestArchitectureNamesPackages(t *testing.T) {
	t.Parallel()
	page := readDoc(t, "docs/architecture.md")
	for _, p := range listPackages(t, moduleRoot(t)) {
		if strings.Count(strings.TrimPrefix(inside(p), "cmd/"), "/") > 1 {
			continue
		}
		folder := path.Base(inside(p))
		if !regexp.MustCompile("`([a-z/]*/)?" + folder + "/?`").MatchString(page) {
			t.Errorf("docs/architecture.md says nothing of the package %s", inside(p))
		}
	}
	_, table, _ := strings.Cut(page, "\n## Where is it?\n")
	if rows := len(regexp.MustCompile("(?m)^\\| .*\\.go`: `").FindAllString(table, -1)); rows < 25 {
		t.Errorf("the table of behaviours has %d rows", rows)
	}
}
