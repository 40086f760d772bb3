package email

import (
	"bufio"
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/jhillyerd/enmime/v2"

	"parley/channels/budget"
)

// A date is one moment on every machine: zones by their names are those of RFC 5322, never
// those of the machine's own zone.
func TestDatesWithNamedZones(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Fri, 20 Nov 2026 08:00:00 EST":         "2026-11-20T13:00:00Z",
		"20 Nov 26 08:00 PDT":                   "2026-11-20T15:00:00Z",
		"Fri, 20 Nov 2026 08:00:00 GMT":         "2026-11-20T08:00:00Z",
		"Fri, 20 Nov 2026 08:00:00 UT":          "2026-11-20T08:00:00Z",
		"Fri, 20 Nov 2026 08:00:00 Z":           "2026-11-20T08:00:00Z",
		"Fri, 20 Nov 2026 08:00:00 CET":         "2026-11-20T08:00:00Z", // no zone of RFC 5322
		"Fri, 20 Nov 2026 08:00:00 CET +0100":   "2026-11-20T07:00:00Z",
		"Fri, 20 Nov 2026 08:00:00 +0100 (CET)": "2026-11-20T07:00:00Z",
		"Friday, 20-Nov-26 08:00:00 MST":        "2026-11-20T15:00:00Z",
		"Fri Nov  6 08:00:00 CST 2026":          "2026-11-06T14:00:00Z",
		"Fri, 20 Nov 2026 08:00:00 PM":          "",
	} {
		at, ok := parseDate(in)
		if got := at.Format(time.RFC3339); ok != (want != "") || ok && got != want {
			t.Errorf("%q is %s, %v, want %s", in, got, ok, want)
		}
	}
}

// FuzzPlainHeader: the quick reader of header blocks gives what the tolerant one does:
// the ids of stored facts depend on it.
func FuzzPlainHeader(f *testing.F) {
	for _, s := range []string{
		"From: a\r\nTo: b\r\n c\r\n", "from:a\nFROM: b\nx-a_b:  c \t\n", "A: b\n \n", "A : b\n", ":a\nB: c\n", "A: b\nword\n", " A: b\n", "A: b\r\r\n", "A: b\n\nC: d", "A:\n", "A", "A: b\n\tc\n  d \n", "é: a\n", "A: é\xff\n", "A: b\x00\n",
	} {
		f.Add([]byte(s))
	}
	for _, s := range budget.Seeds() {
		f.Add([]byte(s))
		f.Add([]byte("A: " + s + "\n"))
	}
	m := budget.NewMeter()
	f.Fuzz(func(t *testing.T, head []byte) {
		budget.CheckRepeated(t, m, head, func(b []byte) { readHeader(b, nil) })
		quick, ok := plainHeader(head)
		if !ok || len(head) == 0 {
			return
		}
		want, err := enmime.ReadHeader(bufio.NewReader(bytes.NewReader(head)), ignoreErrors{})
		if err != nil && len(want) > 0 || !reflect.DeepEqual(map[string][]string(quick), map[string][]string(want)) {
			t.Fatalf("%q gave %q, want %q, %v", head, quick, want, err)
		}
	})
}
