// Package golden compares what a test shows with a file of its testdata. With -update the
// file is rewritten, so that a change can be read as a diff.
//
// What does not belong here: what is shown, and anything of channels: the tests of all parts
// use it. Nothing outside tests may import it.
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

var update = flag.Bool("update", false, "rewrite what tests show") //nolint:gochecknoglobals // as flags are

// Modes of files of testdata: everybody may read them.
const (
	directoryMode = 0o755
	fileMode      = 0o644
)

// Updating reports whether files are rewritten.
func Updating() bool { return *update }

// Text compares got with a file, such as testdata/root.txt.
func Text(t testing.TB, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), directoryMode); err != nil { //nolint:gosec // read by everybody
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), fileMode); err != nil { //nolint:gosec // read by everybody
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

// JSON is Text for a value, indented, in which < > & stand as they are.
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

// firstDifference names the first line that differs, or the numbers of lines.
func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d\n got %s\nwant %s", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}
