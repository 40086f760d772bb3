package rawmail

import (
	"bufio"
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

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
		got := ""
		if at, ok := parseDate(in); ok {
			got = at.Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
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
		budget.CheckRepeated(t, m, head, func(b []byte) { ReadHeader(b, nil) })
		quick, ok := readPlainHeader(head)
		if !ok || len(head) == 0 {
			return
		}
		want, err := enmime.ReadHeader(bufio.NewReader(bytes.NewReader(head)), ignoreErrors{})
		if err != nil && len(want) > 0 || !reflect.DeepEqual(map[string][]string(quick), map[string][]string(want)) {
			t.Fatalf("%q gave %q, want %q, %v", head, quick, want, err)
		}
	})
}

// FuzzParams: a field's parameters never make reading fail.
func FuzzParams(f *testing.F) {
	for _, s := range []string{`text/plain; charset="utf-8"`, `a/b; filename*0*=utf-8''%e2; filename*1="x"`, `a; b=c d; e="f\"g"; =; ;`, `attachment; filename=a b.pdf`} {
		f.Add(s)
	}
	for _, s := range budget.Seeds() {
		f.Add(s)
	}
	m := budget.NewMeter()
	f.Fuzz(func(t *testing.T, v string) {
		budget.CheckRepeated(t, m, v, func(s string) { ParseParams(s, NewGuesser()) })
		value, params := ParseParams(v, NewGuesser())
		if strings.ContainsAny(value, ";\r\n") {
			t.Fatalf("got the value %q of %q, want it without ; and line breaks", value, v)
		}
		for name := range params {
			if name == "" || strings.ContainsAny(name, "=;") {
				t.Fatalf("got a parameter %q of %q, want a name without = and ;", name, v)
			}
		}
		safe := SafeFileName(params["filename"])
		if strings.ContainsAny(safe, `/\`) || len([]rune(safe)) > maxFileNameRunes {
			t.Fatalf("got the file name %q, want at most %d characters without separators", safe, maxFileNameRunes)
		}
	})
}

// FuzzHeader: a header becomes one clean line.
func FuzzHeader(f *testing.F) {
	for _, s := range []string{"=?utf-8?B?w6Q=?= =?utf-8?Q?=C3?= =?utf-8?Q?=A4?=", "=?iso-2022-jp?B?GyRCJCIbKEI=?=", "\xe4\xf6", "=?x?q?a?=", "=?utf-8?q?=0d=0aBcc:_x?="} {
		f.Add(s)
	}
	for _, s := range budget.Seeds() {
		f.Add(s)
	}
	m := budget.NewMeter()
	f.Fuzz(func(t *testing.T, v string) {
		budget.CheckRepeated(t, m, v, func(s string) { DecodeHeader(s, NewGuesser()) })
		budget.CheckRepeated(t, m, v, func(s string) { Addresses(NewGuesser(), s) })
		budget.CheckRepeated(t, m, v, func(s string) { MessageIDs(s, NewGuesser()) })
		budget.CheckRepeated(t, m, v, func(s string) { parseDate(s) })
		got := DecodeHeader(v, NewGuesser())
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\r\n\x00") {
			t.Fatalf("%q became %q", v, got)
		}
		Addresses(NewGuesser(), v)
		MessageIDs(v, NewGuesser())
		parseDate(v)
	})
}
