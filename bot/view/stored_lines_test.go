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

// Lines that were stored by earlier versions say what they said then, also once they are stored anew.
func TestStoredLines(t *testing.T) {
	t.Parallel()
	rows, err := os.ReadFile("testdata/stored_lines.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[bridge.LineKind]bool{}
	show := func(row []byte) (bridge.Line, string) {
		var l bridge.Line
		if err := json.Unmarshal(row, &l); err != nil {
			t.Fatalf("%v: %s", err, row)
		}
		kinds[l.Kind()] = true
		return l, dump(strings.TrimSpace(string(l.Kind())+" "+string(l.Verb)), posted(t, l, facts(t)))
	}
	var b strings.Builder
	for row := range bytes.Lines(rows) {
		l, said := show(row)
		again, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		if _, now := show(again); now != said {
			t.Errorf("stored anew it says %s, before %s", now, said)
		}
		b.WriteString(said)
	}
	for _, k := range lineKinds(t) {
		if !kinds[k.kind] {
			t.Errorf("there is no row of a %s line", k.kind)
		}
	}
	golden.Text(t, "testdata/stored_lines.txt", b.String())
}
