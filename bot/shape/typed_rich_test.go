package shape

import (
	"math"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"parley/bridge"
)

// Point reads a place from two numbers, or from the link of a map.
func TestPoint(t *testing.T) {
	t.Parallel()
	const berlinLat, berlinLon = 52.5163, 13.3777
	for _, tt := range []struct {
		name    string
		text    string
		wantLat float64
		wantLon float64
	}{
		{name: "comma", text: "52.5163, 13.3777", wantLat: berlinLat, wantLon: berlinLon},
		{name: "brackets and degree signs", text: "(52.5163° ; 13.3777°)", wantLat: berlinLat, wantLon: berlinLon},
		{name: "space and a southern latitude", text: "-33.8568 151.2153", wantLat: -33.8568, wantLon: 151.2153},
		{name: "whole numbers", text: "52,13", wantLat: 52, wantLon: 13},
		{
			name:    "OpenStreetMap: the marker comes before the part that is shown",
			text:    "https://www.openstreetmap.org/?mlat=52.5163&mlon=13.3777#map=17/1.0/2.0",
			wantLat: berlinLat,
			wantLon: berlinLon,
		},
		{name: "OpenStreetMap", text: "https://www.openstreetmap.org/#map=17/52.5163/13.3777", wantLat: berlinLat, wantLon: berlinLon},
		{name: "Google search", text: "https://maps.google.com/?q=52.5163,13.3777", wantLat: berlinLat, wantLon: berlinLon},
		{name: "Google place", text: "https://www.google.com/maps/place/X/@52.5163,13.3777,17z", wantLat: berlinLat, wantLon: berlinLon},
		{name: "Apple", text: "https://maps.apple.com/?ll=52.5163%2C13.3777", wantLat: berlinLat, wantLon: berlinLon},
		{name: "geo URI", text: "geo:52.5163,13.3777;u=35", wantLat: berlinLat, wantLon: berlinLon},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			lat, lon, ok := Point(tt.text)
			if !ok {
				t.Fatalf("Point(%q) finds no place, want %v %v", tt.text, tt.wantLat, tt.wantLon)
			}
			if lat != tt.wantLat || lon != tt.wantLon {
				t.Errorf("Point(%q) = %v %v, want %v %v", tt.text, lat, lon, tt.wantLat, tt.wantLon)
			}
		})
	}
}

func TestPointRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text string }{
		{name: "nothing", text: ""},
		{name: "a name", text: "Berlin"},
		{name: "latitude above 90", text: "91,0"},
		{name: "longitude above 180", text: "0,181"},
		{name: "one number", text: "1"},
		{name: "three numbers", text: "1,2,3"},
		{name: "a link that isn't of a map", text: "https://example.org/1,2"},
		{name: "not a number", text: "NaN,1"},
		{name: "an exponent", text: "1e5,1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if lat, lon, ok := Point(tt.text); ok {
				t.Errorf("Point(%q) = %v %v, want no place", tt.text, lat, lon)
			}
		})
	}
}

// wordsWithInvisibleParts returns words that contain a joiner or a variation selector. Customers must get them as they
// were typed.
func wordsWithInvisibleParts() []string {
	return []string{
		"1\ufe0f\u20e3 Sales", // a keycap
		"❤\ufe0f Yes",         // a heart that is shown as emoji
		"👨\u200d💻 IT",         // two emoji joined to one
		"می\u200cخواهم",       // a Persian word with a non-joiner
	}
}

// fewItems is how many items the tests allow a message: more than they type.
const fewItems = 10

func TestCardsKeepInvisibleParts(t *testing.T) {
	t.Parallel()
	for _, word := range wordsWithInvisibleParts() {
		cards, problem := Cards(word+"\n"+word+"\n> "+word, fewItems)
		if problem != "" {
			t.Errorf("%+q: got the problem %q, want none", word, problem)
		}
		if len(cards) != 1 {
			t.Fatalf("%+q: got %d cards, want 1: %+q", word, len(cards), cards)
		}

		card := cards[0]
		if card.Title != word {
			t.Errorf("got the title %+q, want %+q", card.Title, word)
		}
		if card.Text != word {
			t.Errorf("got the text %+q, want %+q", card.Text, word)
		}

		if len(card.Buttons) != 1 {
			t.Fatalf("%+q: got %d buttons, want 1: %+q", word, len(card.Buttons), card.Buttons)
		}
		if got := card.Buttons[0].Title; got != word {
			t.Errorf("got the button %+q, want %+q", got, word)
		}
	}
}

// Visible leaves out invisible characters that aren't part of a word, and bytes that are no characters.
func TestVisible(t *testing.T) {
	t.Parallel()
	const typed = "\u202ea\u00adb\u200b\n\u3164 c\x00 \u200d \xff"
	if got, want := Visible(typed), "ab c"; got != want {
		t.Errorf("Visible(%+q) = %+q, want %+q", typed, got, want)
	}
}

// Any text in the forms of rich messages is refused in words, or becomes something within the bounds of every provider.
func FuzzRich(f *testing.F) {
	for _, s := range []string{
		"Yes\nNo", "Desk:\nLuna | 40 cm\nFloor:\nStella", "Luna\nWarm\nhttps://x.test/1.jpg\n> Order | https://x.test\n\nSol\nx",
		"52.5, 13.4", "+49 (0) 171 5550100", "1. a\n- b\n:\n|", "> \n>|",
	} {
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, text string, maxItems int) {
		if !utf8.ValidString(text) {
			return // clients send UTF-8
		}
		maxItems = max(0, min(maxItems, 20))

		if buttons, problem := Buttons(text, maxItems); problem == "" {
			checkTitles(t, buttons, maxItems)
			checkRich(t, &bridge.Rich{Buttons: buttons}, maxItems)
		}

		if sections, problem := Rows(text, maxItems); problem == "" {
			for _, s := range sections {
				for _, row := range s.Rows {
					checkTitle(t, row.Title, maxRowRunes, maxItems)
				}
			}
			checkRich(t, &bridge.Rich{List: &bridge.RichList{Button: "x", Sections: sections}}, maxItems)
		}

		if cards, problem := Cards(text, maxItems); problem == "" {
			for _, c := range cards {
				checkTitle(t, c.Title, maxCardRunes, maxItems)
				checkTitles(t, c.Buttons, maxItems)
			}
			checkRich(t, &bridge.Rich{Cards: cards}, maxItems)
		}

		if lat, lon, ok := Point(text); ok && !(math.Abs(lat) <= 90 && math.Abs(lon) <= 180) { // false for NaN, too
			t.Fatalf("%q is the place %v %v", text, lat, lon)
		}

		if phones, problem := Phones(text); problem == "" {
			for _, p := range phones {
				if !phoneNumber.MatchString(p) {
					t.Fatalf("%q has the phone number %q", text, p)
				}
			}
		}
	})
}

// phoneNumber is a number as providers take it.
var phoneNumber = regexp.MustCompile(`^\+[0-9]{7,15}$`)

func checkTitles(t *testing.T, buttons []bridge.RichButton, maxItems int) {
	t.Helper()
	for _, b := range buttons {
		checkTitle(t, b.Title, MaxButtonRunes, maxItems)
	}
}

// checkTitle checks that a title is one line, and not too long unless it becomes text: if maxItems is 0.
func checkTitle(t *testing.T, title string, maxRunes, maxItems int) {
	t.Helper()
	if title == "" || strings.ContainsAny(title, "\r\n") {
		t.Fatalf("the title is %q, want one line", title)
	}
	if maxItems > 0 && utf8.RuneCountInString(title) > maxRunes {
		t.Fatalf("the title %q has more than %d characters", title, maxRunes)
	}
}

// checkRich checks that an account that can send maxItems items can send this message, and that the message has words.
func checkRich(t *testing.T, r *bridge.Rich, maxItems int) {
	t.Helper()
	can := bridge.Capabilities{Rich: bridge.RichLimits{Buttons: maxItems, ListRows: maxItems, Carousel: maxItems}}
	if maxItems > 0 && !can.CanSendRich(r) {
		t.Fatalf("an account with %d items doesn't carry %+v", maxItems, r)
	}
	if r.Kind() == "" || strings.TrimSpace(r.Text()) == "" {
		t.Fatalf("%+v has the kind %q and the words %q", r, r.Kind(), r.Text())
	}
}
