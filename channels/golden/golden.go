// Package golden compares a test's output with a file in its testdata folder. With the flag -update, the file is
// rewritten instead, and the change can be reviewed as a diff:
//
//	golden.Text(t, "testdata/root.txt", render(card))
//
// All packages' tests use it. Nothing but tests may import it.
package golden

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files") //nolint:gochecknoglobals // as flags are

// Golden files are part of the source, so everybody may read them.
const (
	directoryMode = 0o755
	fileMode      = 0o644
)

// Updating reports whether the tests run with -update.
func Updating() bool { return *update }

// Text compares got with the content of a file, and fails the test if they differ.
func Text(t testing.TB, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), directoryMode); err != nil { //nolint:gosec // as above
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), fileMode); err != nil { //nolint:gosec // as above
			t.Fatal(err)
		}
	}

	want, err := os.ReadFile(file) //nolint:gosec // a file of testdata
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run with -update and look at the diff\n%s", file, firstDifference(got, string(want)))
	}
}

// JSON is like Text for the indented JSON of v, in which the characters < > & aren't escaped.
func JSON(t testing.TB, file string, v any) {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	Text(t, file, b.String())
}

// firstDifference describes the first line that differs. If one text is the beginning of the other, it gives the numbers
// of lines instead.
func firstDifference(got, want string) string {
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(gotLines), len(wantLines)) {
		if gotLines[i] != wantLines[i] {
			return fmt.Sprintf("line %d\n got %s\nwant %s", i+1, gotLines[i], wantLines[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(gotLines), len(wantLines))
}
