package view

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels/golden"
)

// Lines that earlier versions stored say what they said then, also once they are stored anew. Every kind of line is among them.
func TestStoredLines(t *testing.T) {
	t.Parallel()
	rows, err := os.ReadFile("testdata/stored_lines.jsonl")
	noError(t, err)
	var shown strings.Builder
	kinds := map[bridge.LineKind]bool{}
	for row := range bytes.Lines(rows) {
		l := storedLine(t, row)
		kinds[l.Kind()] = true
		anew, err := json.Marshal(l)
		noError(t, err)
		want := showStored(t, l)
		if got := showStored(t, storedLine(t, anew)); got != want {
			t.Errorf("stored anew it says:\n%s\nbefore it said:\n%s", got, want)
		}
		shown.WriteString(want)
	}
	for _, k := range lineKinds(t) {
		if !kinds[k.kind] {
			t.Errorf("testdata/stored_lines.jsonl has no line of kind %s", k.kind)
		}
	}
	golden.Text(t, "testdata/stored_lines.txt", shown.String())
}

func storedLine(t *testing.T, row []byte) (l bridge.Line) {
	t.Helper()
	if err := json.Unmarshal(row, &l); err != nil {
		t.Fatalf("%v: %s", err, row)
	}
	return l
}

func showStored(t *testing.T, l bridge.Line) string {
	t.Helper()
	return dump(strings.TrimSpace(string(l.Kind())+" "+string(l.Verb)), postedLine(t, l, facts(t)))
}
