package viewtest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/bot/view/viewtest"
)

// Every kind of line is among the samples, so that each surface has a golden file of it.
func TestAllLines(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "bridge", "linekind.go"))
	if err != nil {
		t.Fatal(err)
	}
	kinds := 0
	for row := range strings.Lines(string(raw)) {
		_, after, ok := strings.Cut(row, "LineKind = \"")
		if !ok {
			continue
		}
		kinds++
		kind, _, _ := strings.Cut(after, "\"")
		if _, ok := (viewtest.Samples{}).Lines()[kind]; !ok {
			t.Errorf("no sample of line %q", kind)
		}
	}
	if kinds < 30 {
		t.Errorf("only %d kinds of lines are found", kinds)
	}
}
