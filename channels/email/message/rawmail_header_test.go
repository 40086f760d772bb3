package message

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"parley/channels/golden"
)

// A date is the same moment on every machine: the names of zones are those of RFC 5322, never those of the machine's
// own zone. An unknown name counts as UTC.
func TestDatesWithNamedZones(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		date string
		want string
	}{
		{name: "EST", date: "Fri, 20 Nov 2026 08:00:00 EST", want: "2026-11-20T13:00:00Z"},
		{name: "a year of two digits", date: "20 Nov 26 08:00 PDT", want: "2026-11-20T15:00:00Z"},
		{name: "GMT", date: "Fri, 20 Nov 2026 08:00:00 GMT", want: "2026-11-20T08:00:00Z"},
		{name: "UT", date: "Fri, 20 Nov 2026 08:00:00 UT", want: "2026-11-20T08:00:00Z"},
		{name: "Z", date: "Fri, 20 Nov 2026 08:00:00 Z", want: "2026-11-20T08:00:00Z"},
		{name: "a name that RFC 5322 doesn't know", date: "Fri, 20 Nov 2026 08:00:00 CET", want: "2026-11-20T08:00:00Z"},
		{name: "such a name before an offset", date: "Fri, 20 Nov 2026 08:00:00 CET +0100", want: "2026-11-20T07:00:00Z"},
		{name: "such a name in a comment", date: "Fri, 20 Nov 2026 08:00:00 +0100 (CET)", want: "2026-11-20T07:00:00Z"},
		{name: "form of RFC 850", date: "Friday, 20-Nov-26 08:00:00 MST", want: "2026-11-20T15:00:00Z"},
		{name: "form of asctime", date: "Fri Nov  6 08:00:00 CST 2026", want: "2026-11-06T14:00:00Z"},
	}

	for _, tt := range tests {
		got, ok := parseDate(tt.date)
		if !ok {
			t.Errorf("%s: parseDate(%q) fails, want %s", tt.name, tt.date, tt.want)
			continue
		}
		if formatted := got.Format(time.RFC3339); formatted != tt.want {
			t.Errorf("%s: parseDate(%q) = %s, want %s", tt.name, tt.date, formatted, tt.want)
		}
	}
}

// Ids are in angle brackets, or bare if a program leaves the brackets out. If a list is too long, its last ids count.
func TestMessageIDs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		field string
		want  []string
	}{
		{field: "<1@x.test> words <2@ x.test><>", want: []string{"1@x.test", "2@x.test"}},
		{field: "<1@x.test <2@x.test>", want: []string{"2@x.test"}},
		{field: "1@x.test, 2@x.test\t3@x.test> words", want: []string{"1@x.test", "2@x.test", "3@x.test"}},
		{field: "<" + strings.Repeat("1", rawmailMaxIDBytes) + "@x.test> <2@x.test>", want: []string{"2@x.test"}},
		{field: strings.Repeat("1", rawmailMaxIDBytes) + "@x.test 2@x.test", want: []string{"2@x.test"}},
		{field: "<1@x.test> " + strings.Repeat("<2@x.test> ", rawmailMaxReferences), want: slices.Repeat([]string{"2@x.test"}, rawmailMaxReferences)},
	}
	for _, tt := range tests {
		if got := MessageIDs(tt.field, NewGuesser()); !slices.Equal(got, tt.want) {
			t.Errorf("MessageIDs(%.60q) = %q, want %q", tt.field, got, tt.want)
		}
	}
}

// A header block is read although a program has made mistakes in it.
func TestReadHeader(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, head, want string }{
		{name: "folded", head: "From: a\r\nto: b\r\n c\r\n\td \r\n", want: "map[From:[a] To:[b c d]]"},
		{name: "the same field twice", head: "x-a_b:a\nX-A_B:  b \t\n", want: "map[X-A_b:[a b]]"},
		{name: "a space before the colon", head: "A : b\n", want: "map[A:[b]]"},
		{name: "no name", head: ":a\nB: c\n", want: "map[B:[c]]"},
		{name: "a name that isn't one", head: "A: b\né: c\n d\nE: f\n", want: "map[A:[b] E:[f]]"},
		{name: "a continuation that isn't indented", head: "A: b\nword\n", want: "map[A:[b word]]"},
		{name: "a continuation of nothing", head: " A: b\nC: d", want: "map[C:[d]]"},
		{name: "an empty line", head: "A: b\n\nC: d", want: "map[A:[b]]"},
		{name: "no value", head: "A:\n", want: "map[A:[]]"},
		{name: "a word", head: "A", want: "map[]"},
	}
	for _, tt := range tests {
		if got := fmt.Sprint(map[string][]string(ReadHeader([]byte(tt.head), nil).fields)); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// Any header block is read in linear time, and its fields are lines.
func FuzzHeaderBlock(f *testing.F) {
	for _, s := range append(golden.Seeds(), "A: b\n c\n", "A : b\nword\n", ":a\n\nB", "A: b\r\r\n", "é: \xff\x00\n") {
		f.Add([]byte(s))
		f.Add([]byte("A: " + s + "\n"))
	}
	m := golden.NewMeter()
	f.Fuzz(func(t *testing.T, head []byte) {
		golden.CheckRepeated(t, m, head, func(b []byte) { ReadHeader(b, nil) })
		for name, values := range ReadHeader(head, nil).fields {
			if strings.ContainsAny(name+strings.Join(values, ""), "\n") || strings.ContainsFunc(name, isOddInName) {
				t.Fatalf("%q: got the field %q: %q, want a name and lines", head, name, values)
			}
		}
	})
}

// The names of parameters contain no separators, whatever the field holds, and the name of a file is safe and short.
func FuzzParams(f *testing.F) {
	fields := []string{
		`text/plain; charset="utf-8"`,
		`a/b; filename*0*=utf-8''%e2; filename*1="x"`,
		`a; b=c d; e="f\"g"; =; ;`,
		`attachment; filename=a b.pdf`,
	}
	for _, s := range fields {
		f.Add(s)
	}
	for _, s := range golden.Seeds() {
		f.Add(s)
	}
	m := golden.NewMeter()
	f.Fuzz(func(t *testing.T, v string) {
		golden.CheckRepeated(t, m, v, func(s string) { ParseParams(s, NewGuesser()) })

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
		if strings.ContainsAny(safe, `/\`) {
			t.Fatalf("got the file name %q, want it without separators", safe)
		}
		if n := len([]rune(safe)); n > rawmailMaxFileNameRunes {
			t.Fatalf("got a file name of %d characters, want at most %d: %q", n, rawmailMaxFileNameRunes, safe)
		}
	})
}

// DecodeHeader returns one line of valid text for any header.
func FuzzHeader(f *testing.F) {
	fields := []string{
		"=?utf-8?B?w6Q=?= =?utf-8?Q?=C3?= =?utf-8?Q?=A4?=",
		"=?iso-2022-jp?B?GyRCJCIbKEI=?=",
		"\xe4\xf6",
		"=?x?q?a?=",
		"=?utf-8?q?=0d=0aBcc:_x?=",
	}
	for _, s := range fields {
		f.Add(s)
	}
	for _, s := range golden.Seeds() {
		f.Add(s)
	}
	m := golden.NewMeter()
	f.Fuzz(func(t *testing.T, v string) {
		golden.CheckRepeated(t, m, v, func(s string) { DecodeHeader(s, NewGuesser()) })
		golden.CheckRepeated(t, m, v, func(s string) { Addresses(NewGuesser(), s) })
		golden.CheckRepeated(t, m, v, func(s string) { MessageIDs(s, NewGuesser()) })
		golden.CheckRepeated(t, m, v, func(s string) { parseDate(s) })

		got := DecodeHeader(v, NewGuesser())
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\r\n\x00") {
			t.Fatalf("DecodeHeader(%q) = %q, want one line of valid UTF-8", v, got)
		}
		Addresses(NewGuesser(), v)
		MessageIDs(v, NewGuesser())
		parseDate(v)
	})
}
