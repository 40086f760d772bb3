package golden_test

import (
	"path/filepath"
	"strings"
	"testing"

	"parley/channels/golden"
)

// spy takes what a test would say of another.
type spy struct {
	testing.TB
	said []string
}

func (s *spy) Helper() {}

func (s *spy) Errorf(_ string, args ...any) { s.said = append(s.said, args[1].(string)) }

func TestText(t *testing.T) {
	t.Parallel()
	if golden.Updating() {
		t.Skip("the files are being rewritten")
	}
	file := filepath.Join("testdata", "two.txt")
	for got, want := range map[string]string{
		"one\ntwo\n":        "",
		"one\n2\n":          "line 2\n got 2\nwant two",
		"one\ntwo\nthree\n": "line 3\n got three\nwant ",
		"one\ntwo":          "2 lines, want 3",
	} {
		s := &spy{TB: t}
		golden.Text(s, file, got)
		if said := strings.Join(s.said, ""); said != want {
			t.Errorf("%q: %q, want %q", got, said, want)
		}
	}
	golden.JSON(t, filepath.Join("testdata", "tag.json"), map[string]string{"tag": "<b> & c"})
}
