package app_test

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// maxLines is how many lines a package may have, tests apart: what somebody reads in a day.
const maxLines = 5000

// No package has more lines than a reader can go through in a day. A part of a larger package that has a noun of its own
// becomes a package below it, as those of store.
func TestPackagesAreShort(t *testing.T) {
	t.Parallel()
	root := moduleRoot(t)
	noticeChanges(t, root)
	lines := linesOf(t, root)
	if len(lines) < 100 {
		t.Fatalf("only %d packages found", len(lines))
	}
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		if n := lines[name]; n > maxLines {
			t.Errorf("%s has %d lines, more than %d: make a package below it of what has a noun of its own", name, n, maxLines)
		}
	}
}

// linesOf counts the lines of all packages without blank ones. Tests are left out.
func linesOf(t *testing.T, root string) map[string]int {
	t.Helper()
	lines := map[string]int{}
	blankLine := regexp.MustCompile(`(?m)^\n`)
	check(t, filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}

		inside, err := filepath.Rel(root, path.Dir(name))
		if err != nil {
			return err
		}
		inside = filepath.ToSlash(inside)
		raw, err := os.ReadFile(name)
		lines[inside] += bytes.Count(raw, []byte("\n")) - len(blankLine.FindAll(raw, -1))
		return err
	}))
	return lines
}
