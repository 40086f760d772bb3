package viewtest_test

import (
	"os"
	"path/filepath"
	"regexp"
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
	kinds := regexp.MustCompile(`LineKind = "([^"]*)"`).FindAllStringSubmatch(string(raw), -1)
	if len(kinds) < 30 {
		t.Fatalf("only %d kinds found in bridge/linekind.go: this test can't read it any more", len(kinds))
	}
	samples := viewtest.Samples{}.Lines()
	for _, k := range kinds {
		if _, ok := samples[k[1]]; !ok {
			t.Errorf("there is no sample of a line of kind %q", k[1])
		}
	}
}
