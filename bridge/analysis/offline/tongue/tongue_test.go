package tongue

import (
	"slices"
	"testing"

	"parley/bridge/analysis/offline/lexicon"
)

// Languages that are like ours are told apart from them, although there is no analysis in them.
func TestSimilarLanguagesAreToldApart(t *testing.T) {
	known, err := lexicon.Read()
	if err != nil {
		t.Fatal(err)
	}
	d := New(known.Ours, known.Others)
	for _, code := range []string{"sv", "da", "cs", "tr", "ro", "ca"} {
		if !slices.Contains(d.codes, code) {
			t.Errorf("the codes %q lack %s", d.codes, code)
		}
	}
}
