package twilio

import (
	"fmt"
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
	gsm := func(parts, left int) channels.Count {
		return channels.Count{Parts: parts, Left: left, Encoding: "GSM-7"}
	}
	ucs := func(parts, left int) channels.Count {
		return channels.Count{Parts: parts, Left: left, Encoding: "UCS-2"}
	}
	for name, c := range map[string]struct {
		text string
		want channels.Count
	}{
		"nothing":                     {text: "", want: gsm(1, 160)},
		"160":                         {text: a(160), want: gsm(1, 0)},
		"161":                         {text: a(161), want: gsm(2, 2*153-161)},
		"306":                         {text: a(306), want: gsm(2, 0)},
		"307":                         {text: a(307), want: gsm(3, 3*153-307)},
		"159 and euro":                {text: a(159) + "€", want: gsm(2, 2*153-159-2)}, // a euro takes two places
		"158 and euro":                {text: a(158) + "€", want: gsm(1, 0)},
		"euro over the edge of parts": {text: a(152) + "€" + a(152), want: gsm(3, 152)},
		"the same without":            {text: a(152) + "aa" + a(152), want: gsm(2, 0)},
		"all of the extension":        {text: "^{}\\[~]|€", want: gsm(1, 160-9*2)},
		"umlauts, Greek":              {text: "äöüÄÖÜßñ¿¡ÆæØøÅåΔΩ@£¥", want: gsm(1, 160-21)},
		"70":                          {text: z(70), want: ucs(1, 0)},
		"71":                          {text: z(71), want: ucs(2, 2*67-71)},
		"134":                         {text: z(134), want: ucs(2, 0)},
		"emoji over the edge":         {text: z(66) + "😀" + z(66), want: ucs(3, 66)},
		"one emoji":                   {text: a(69) + "😀", want: ucs(2, 2*67-69-2)}, // an emoji takes two places
		"one emoji, one part":         {text: a(68) + "😀", want: ucs(1, 0)},
		"a backtick is no GSM":        {text: "`", want: ucs(1, 70-1)},
		"euro in UCS-2 counts once":   {text: z(69) + "€", want: ucs(1, 0)},
	} {
		wantEqual(t, name, countSegments(c.text), c.want)
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
		if c.Parts < 1 || c.Left < 0 || c.Left > 160 {
			t.Errorf("%q: %+v, want at least one part and room for 0 to 160", s, c)
		}
		switch c.Encoding {
		case "GSM-7":
		case "UCS-2":
			least, most := (c.Parts-1)*66, c.Parts*67 // a pair that doesn't fit leaves one place of 67 empty
			if c.Parts == 1 {
				least, most = 0, 70
			}
			if units < least || units > most {
				t.Errorf("%d units are %d parts, which hold %d to %d", units, c.Parts, least, most)
			}
		default:
			t.Errorf("%q: the encoding %s is unknown", s, c.Encoding)
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
	for _, c := range []struct{ letter, signature string }{
		{letter: "a", signature: ""},
		{letter: "a", signature: "Acme {Lamps}"},
		{letter: "ж", signature: "Acme"},
		{letter: "a", signature: "Лампы"},
	} {
		for i, n := range s.Count(c.letter, c.signature).Room {
			what := fmt.Sprintf("texts of %d × %s with %q", n, c.letter, c.signature)
			wantEqual(t, what, s.Count(strings.Repeat(c.letter, n), c.signature).Parts, i+1)
			wantEqual(t, what+" and one more", s.Count(strings.Repeat(c.letter, n+1), c.signature).Parts, i+2)
		}
	}
	empty := s.Count("", "Acme").Room
	wantEqual(t, "room of an empty and of a begun text", empty, s.Count("a", "Acme").Room)
	wantEqual(t, "room of one text", empty[0], 160-len("\n\nAcme"))
}
