package offline

import "testing"

func TestLexiconsAreWellFormed(t *testing.T) {
	if _, err := load(); err != nil {
		t.Fatal(err)
	}
}
