package twilio

import (
	"strings"
	"testing"
	"unicode/utf16"

	"parley/channels"
	"parley/channels/budget"
)

// Edge case 29: the edges of 160, 153, 70 and 67 with characters that take two places.
//
func TestEdge29Segments(t *testing.T) {
	t.Parallel()
	a := func(n int) string { return strings.Repeat("a", n) }
	z := func(n int) string { return strings.Repeat("ж", n) }
	for name, c := range map[string]struct {
		text string
		want channels.Count
	}{
		"nothing":                     {"", channels.Count{Parts: 1, Left: 160, Encoding: "GSM-7"}},
		"160":                         {a(160), channels.Count{Parts: 1, Left: 0, Encoding: "GSM-7"}},
		"161":                         {a(161), channels.Count{Parts: 2, Left: 145, Encoding: "GSM-7"}},
		"306":                         {a(306), channels.Count{Parts: 2, Left: 0, Encoding: "GSM-7"}},
		"307":                         {a(307), channels.Count{Parts: 3, Left: 152, Encoding: "GSM-7"}},
		"159 and euro":                {a(159) + "€", channels.Count{Parts: 2, Left: 153 - 8, Encoding: "GSM-7"}},
		"158 and euro":                {a(158) + "€", channels.Count{Parts: 1, Left: 0, Encoding: "GSM-7"}},
		"euro over the edge of parts": {a(152) + "€" + a(152), channels.Count{Parts: 3, Left: 152, Encoding: "GSM-7"}},
		"the same without":            {a(152) + "aa" + a(152), channels.Count{Parts: 2, Left: 0, Encoding: "GSM-7"}},
		"all of the extension":        {"^{}\\[~]|€", channels.Count{Parts: 1, Left: 142, Encoding: "GSM-7"}},
		"umlauts, Greek":              {"äöüÄÖÜßñ¿¡ÆæØøÅåΔΩ@£¥", channels.Count{Parts: 1, Left: 139, Encoding: "GSM-7"}},
		"70":                          {z(70), channels.Count{Parts: 1, Left: 0, Encoding: "UCS-2"}},
		"71":                          {z(71), channels.Count{Parts: 2, Left: 63, Encoding: "UCS-2"}},
		"134":                         {z(134), channels.Count{Parts: 2, Left: 0, Encoding: "UCS-2"}},
		"emoji over the edge":         {z(66) + "😀" + z(66), channels.Count{Parts: 3, Left: 66, Encoding: "UCS-2"}},
		"one emoji":                   {a(69) + "😀", channels.Count{Parts: 2, Left: 63, Encoding: "UCS-2"}},
		"one emoji, one part":         {a(68) + "😀", channels.Count{Parts: 1, Left: 0, Encoding: "UCS-2"}},
		"a backtick is no GSM":        {"`", channels.Count{Parts: 1, Left: 69, Encoding: "UCS-2"}},
		"euro in UCS-2 counts once":   {z(69) + "€", channels.Count{Parts: 1, Left: 0, Encoding: "UCS-2"}},
	} {
		if got := countSegments(c.text); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// FuzzCount: parts hold what they can, and no more.
func FuzzCount(f *testing.F) {
	for _, s := range []string{"", "a", "€", "😀", strings.Repeat("a€", 200), strings.Repeat("ж😀", 99), "\xff\xfe"} {
		f.Add(s)
	}
	for _, s := range budget.Seeds() {
		f.Add(s)
	}
	m := budget.NewMeter()
	f.Fuzz(func(t *testing.T, s string) {
		budget.CheckRepeated(t, m, s, func(s string) { countSegments(s) })
		c := countSegments(s)
		units := len(utf16.Encode([]rune(s)))
		if c.Parts < 1 || c.Left < 0 || c.Left > 160 || c.Encoding != "GSM-7" && c.Encoding != "UCS-2" {
			t.Errorf("%q: %+v", s, c)
		}
		if c.Encoding == "UCS-2" && (c.Parts == 1 && units > 70 || c.Parts > 1 && (units > c.Parts*67 || units < (c.Parts-1)*66)) {
			t.Errorf("%d units: %+v", units, c)
		}
		if more := countSegments(s + "a"); more.Parts < c.Parts || c.Left > 0 && more.Parts != c.Parts {
			t.Errorf("%q: %+v, with one more %+v", s, c, more)
		}
	})
}

// Of one, two and three texts it is told how much they hold beside the signature: as much and no more.
//
func TestRoomBesideTheSignature(t *testing.T) {
	t.Parallel()
	s := &SMS{Channel: &Channel{number: &ownNumber{}}}
	for _, c := range []struct{ letter, signature string }{{"a", ""}, {"a", "Acme {Lamps}"}, {"ж", "Acme"}, {"a", "Лампы"}} {
		room := s.Count(c.letter, c.signature).Room
		for i, n := range room {
			if fits, over := s.Count(strings.Repeat(c.letter, n), c.signature), s.Count(strings.Repeat(c.letter, n+1), c.signature); fits.Parts != i+1 || over.Parts != i+2 {
				t.Errorf("%s with %q: %d characters are %d texts, %d are %d; want %d and one more", c.letter, c.signature, n, fits.Parts, n+1, over.Parts, i+1)
			}
		}
	}
	if empty, begun := s.Count("", "Acme").Room, s.Count("a", "Acme").Room; empty != begun || empty[0] != 160-len("\n\nAcme") {
		t.Errorf("an empty text has room for %v, a begun one for %v", empty, begun)
	}
}
