package twilio

import (
	"strings"
	"testing"
	"unicode/utf16"

	"parley/channels"
	"parley/channels/golden"
)

// These are the lengths of a text in septets of GSM-7 and in UTF-16 units of UCS-2. Alone, a text holds more than as one
// of several, which loses room to a header.
const (
	gsmAlone = 160
	gsmPart  = 153
	ucsAlone = 70
	ucsPart  = 67
)

// gsmText and ucsText make texts of n characters that need GSM-7 or UCS-2.
func gsmText(n int) string { return strings.Repeat("a", n) }
func ucsText(n int) string { return strings.Repeat("ж", n) }

// A text in GSM-7 is counted in septets. Characters of the extension need two, which are never divided between two parts.
// Requirement R-074: SMS counted in texts.
func TestSegmentsInGSM7(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		text      string
		wantParts int
		wantLeft  int
	}{
		{name: "empty", text: "", wantParts: 1, wantLeft: gsmAlone},
		{name: "one text", text: gsmText(160), wantParts: 1, wantLeft: 0},
		{name: "one more", text: gsmText(161), wantParts: 2, wantLeft: 2*gsmPart - 161},
		{name: "two texts", text: gsmText(306), wantParts: 2, wantLeft: 0},
		{name: "one more than two texts", text: gsmText(307), wantParts: 3, wantLeft: 3*gsmPart - 307},
		{name: "a euro, of two septets, that fits", text: gsmText(158) + "€", wantParts: 1, wantLeft: 0},
		{name: "a euro that doesn't", text: gsmText(159) + "€", wantParts: 2, wantLeft: 2*gsmPart - 159 - 2},
		{name: "a euro at the end of a part", text: gsmText(152) + "€" + gsmText(152), wantParts: 3, wantLeft: 152},
		{name: "two characters in its place", text: gsmText(152) + "aa" + gsmText(152), wantParts: 2, wantLeft: 0},
		{name: "the extension, 9 characters", text: `^{}\[~]|€`, wantParts: 1, wantLeft: gsmAlone - 9*2},
		{name: "umlauts and Greek, 21 characters", text: "äöüÄÖÜßñ¿¡ÆæØøÅåΔΩ@£¥", wantParts: 1, wantLeft: gsmAlone - 21},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := channels.Count{Parts: tt.wantParts, Left: tt.wantLeft, Encoding: "GSM-7"}
			wantEqual(t, "count", countSegments(tt.text), want)
		})
	}
}

// One character that GSM-7 lacks makes the whole text UCS-2. An emoji needs two units, which are never divided between
// two parts.
// Requirement R-074: SMS counted in texts.
func TestSegmentsInUCS2(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		text      string
		wantParts int
		wantLeft  int
	}{
		{name: "one text", text: ucsText(70), wantParts: 1, wantLeft: 0},
		{name: "one more", text: ucsText(71), wantParts: 2, wantLeft: 2*ucsPart - 71},
		{name: "two texts", text: ucsText(134), wantParts: 2, wantLeft: 0},
		{name: "an emoji, of two units, that fits", text: gsmText(68) + "😀", wantParts: 1, wantLeft: 0},
		{name: "an emoji that doesn't", text: gsmText(69) + "😀", wantParts: 2, wantLeft: 2*ucsPart - 69 - 2},
		{name: "an emoji at the end of a part", text: ucsText(66) + "😀" + ucsText(66), wantParts: 3, wantLeft: 66},
		{name: "a backtick, which GSM-7 lacks", text: "`", wantParts: 1, wantLeft: ucsAlone - 1},
		{name: "a euro, of one unit", text: ucsText(69) + "€", wantParts: 1, wantLeft: 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := channels.Count{Parts: tt.wantParts, Left: tt.wantLeft, Encoding: "UCS-2"}
			wantEqual(t, "count", countSegments(tt.text), want)
		})
	}
}

// The parts of any text hold what they can, and no more. A text never has fewer parts if it gets one more character.
func FuzzCount(f *testing.F) {
	for _, s := range []string{"", "a", "€", "😀", strings.Repeat("a€", 200), strings.Repeat("ж😀", 99), "\xff\xfe"} {
		f.Add(s)
	}
	for _, s := range golden.Seeds() {
		f.Add(s)
	}
	m := golden.NewMeter()
	f.Fuzz(func(t *testing.T, s string) {
		golden.CheckRepeated(t, m, s, func(s string) { countSegments(s) })
		c := countSegments(s)
		if c.Parts < 1 {
			t.Errorf("%q: got %d parts, want at least one", s, c.Parts)
		}
		if c.Left < 0 || c.Left > gsmAlone {
			t.Errorf("%q: got room for %d characters, want 0 to %d", s, c.Left, gsmAlone)
		}
		switch c.Encoding {
		case "GSM-7":
		case "UCS-2":
			checkUCS2Parts(t, s, c.Parts)
		default:
			t.Errorf("%q: the encoding %s is unknown", s, c.Encoding)
		}

		more := countSegments(s + "a")
		if more.Parts < c.Parts {
			t.Errorf("%q: got %+v, with one more character %+v", s, c, more)
		}
		if hasRoom := c.Left > 0; hasRoom && more.Parts != c.Parts {
			t.Errorf("%q: got %+v, which has room, with one more character %+v", s, c, more)
		}
	})
}

// checkUCS2Parts checks that a text has as many parts as its UTF-16 units need.
func checkUCS2Parts(t *testing.T, s string, parts int) {
	t.Helper()
	minUnits, maxUnits := (parts-1)*(ucsPart-1), parts*ucsPart // a pair that doesn't fit leaves one unit of a part empty
	if parts == 1 {
		minUnits, maxUnits = 0, ucsAlone
	}
	units := len(utf16.Encode([]rune(s)))
	if units < minUnits || units > maxUnits {
		t.Errorf("%q: %d units became %d parts, which hold %d to %d", s, units, parts, minUnits, maxUnits)
	}
}

// For an empty text Count tells the same room as for a text of one letter.
// Requirement R-074: SMS counted in texts.
func TestRoomOfAnEmptyText(t *testing.T) {
	t.Parallel()
	s := &SMS{Channel: &Channel{number: &ownNumber{}}}
	room := s.Count("", "Acme").Room
	wantEqual(t, "room", room, s.Count("a", "Acme").Room)
	wantEqual(t, "room of one text", room[0], gsmAlone-len("\n\nAcme"))
}
