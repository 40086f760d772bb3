package app_test

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
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

// needsOf reads what the files of a folder need of each other: functions, types, variables and constants that another file
// declares. The parser, which looks at one file, leaves such names unresolved. Calls of methods don't count, because the
// methods of a large type are in several files on purpose. The type counts wherever it is named.
func needsOf(t *testing.T, dir string) fileNeeds {
	t.Helper()
	files, declaredIn := map[string]*ast.File{}, map[string]string{}
	for _, path := range must(filepath.Glob(filepath.Join(dir, "*.go")))(t) {
		name := filepath.Base(path)
		isForUs := must(build.Default.MatchFile(dir, name))(t) // others declare the same names for other systems
		if strings.HasSuffix(name, "_test.go") || !isForUs {
			continue
		}
		files[name] = must(parser.ParseFile(token.NewFileSet(), path, nil, 0))(t)
		for declared := range files[name].Scope.Objects {
			declaredIn[declared] = name
		}
	}

	needs := fileNeeds{}
	for name, file := range files {
		needs[name] = map[string][]string{}
		for _, used := range file.Unresolved {
			if from, ok := declaredIn[used.Name]; ok && !slices.Contains(needs[name][from], used.Name) {
				needs[name][from] = append(needs[name][from], used.Name)
			}
		}
	}
	return needs
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
			if used := needs[name][from]; len(used) > 0 {
				lines = append(lines, fmt.Sprintf("%5d: %s needs %s of %s", len(used), name, strings.Join(used, ", "), from))
			}
		}
	}
	slices.Sort(lines)
	return strings.Join(cycle, " ") + "\n" + strings.Join(lines, "\n")
}
