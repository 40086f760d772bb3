package tongue

import (
	"slices"
	"testing"

	"parley/bridge/analysis/offline/lexicon"
)

func TestLanguagesAreToldApart(t *testing.T) {
	known, err := lexicon.Read()
	if err != nil {
		t.Fatal(err)
	}
	d := New(known.Ours, known.Others)
	for _, code := range []string{"sv", "da", "cs", "tr", "ro", "ca"} {
		if !slices.Contains(d.codes, code) {
			t.Errorf("%s isn't told apart", code)
		}
	}
}
