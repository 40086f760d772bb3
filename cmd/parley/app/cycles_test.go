package app_test

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// maxCycle is how many files of a package may need each other in a circle: to understand one of them, a reader needs all.
const maxCycle = 15

// No package that serves has more than maxCycle files that need each other in a circle. A type that such files share
// belongs in a file that needs none of them. A constructor that joins them all belongs in a file that none of them needs.
func TestFilesFormNoLargeCycle(t *testing.T) {
	t.Parallel()
	root := moduleRoot(t)
	noticeChanges(t, root)
	folders := 0
	check(t, filepath.WalkDir(root, func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if dir != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return fs.SkipDir
		}
		inside, err := filepath.Rel(root, dir)
		if err != nil || matchAny(notServing(), filepath.ToSlash(inside)) {
			return err
		}

		folders++
		needs := needsOf(t, dir)
		if cycle := largestCycle(needs); len(cycle) > maxCycle {
			t.Errorf("%s: %d files need each other in a circle, more than %d:\n%s", inside, len(cycle), maxCycle, describeCycle(needs, cycle))
		}
		return nil
	}))
	if folders < 100 {
		t.Fatalf("only %d folders found", folders)
	}
}

// fileNeeds says for each file of a package which names it uses, by the files that declare them.
type fileNeeds map[string]map[string][]string

// needsOf reads what the files of a folder need of each other: functions, methods, types, variables and constants that another
// file declares. Other packages aren't read. So a method counts wherever this package alone says what it is called on.
func needsOf(t *testing.T, dir string) fileNeeds {
	t.Helper()
	all := token.NewFileSet()
	var files []*ast.File
	needs := fileNeeds{}
	for _, path := range must(filepath.Glob(filepath.Join(dir, "*.go")))(t) {
		name := filepath.Base(path)
		isForUs := must(build.Default.MatchFile(dir, name))(t) // others declare the same names for other systems
		if strings.HasSuffix(name, "_test.go") || !isForUs {
			continue
		}
		files = append(files, must(parser.ParseFile(all, path, nil, parser.SkipObjectResolution))(t))
		needs[name] = map[string][]string{}
	}

	found := types.Info{Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: unread{}, Error: func(error) {}} // what other packages declare is unknown, which is an error
	checked, _ := config.Check(dir, all, files, &found)
	fileAt := func(pos token.Pos) string { return filepath.Base(all.Position(pos).Filename) }
	for used, declared := range found.Uses {
		_, isFunction := declared.(*types.Func) // or a method
		isOfPackage := declared.Pkg() == checked && (isFunction || declared.Parent() == checked.Scope())
		file, from := fileAt(used.Pos()), fileAt(declared.Pos())
		if isOfPackage && from != file && !slices.Contains(needs[file][from], used.Name) {
			needs[file][from] = append(needs[file][from], used.Name)
		}
	}
	return needs
}

// unread is an importer that reads no package.
type unread struct{}

func (unread) Import(path string) (*types.Package, error) {
	return nil, fmt.Errorf("%s isn't read", path)
}

// largestCycle returns the most files that reach each other.
func largestCycle(needs fileNeeds) (largest []string) {
	reached := map[string]map[string]bool{}
	for name := range needs {
		reached[name] = map[string]bool{}
		reach(needs, name, reached[name])
	}
	for name := range needs {
		cycle := slices.DeleteFunc(slices.Sorted(maps.Keys(reached[name])), func(other string) bool { return !reached[other][name] })
		if len(cycle) > len(largest) {
			largest = cycle
		}
	}
	return largest
}

// reach adds to reached all files that a file needs, and those that these need.
func reach(needs fileNeeds, name string, reached map[string]bool) {
	for next := range needs[name] {
		if !reached[next] {
			reached[next] = true
			reach(needs, next, reached)
		}
	}
}

// describeCycle lists what the files of a cycle need of each other. The file that needs the fewest names of another one
// comes first, because that need is easiest to cut.
func describeCycle(needs fileNeeds, cycle []string) string {
	var lines []string
	for _, name := range cycle {
		for _, from := range cycle {
			if used := slices.Sorted(slices.Values(needs[name][from])); len(used) > 0 {
				lines = append(lines, fmt.Sprintf("%5d: %s needs %s of %s", len(used), name, strings.Join(used, ", "), from))
			}
		}
	}
	slices.Sort(lines)
	return strings.Join(cycle, " ") + "\n" + strings.Join(lines, "\n")
}
