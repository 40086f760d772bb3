package typed

import (
	"math"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"parley/bridge"
)

// A place is read from two numbers, or from a link of a map.
func TestPoint(t *testing.T) {
	t.Parallel()
	type place struct{ lat, lon float64 }
	berlin := place{lat: 52.5163, lon: 13.3777}
	for text, want := range map[string]place{
		"52.5163, 13.3777":      berlin,
		"(52.5163° ; 13.3777°)": berlin,
		"-33.8568 151.2153":     {lat: -33.8568, lon: 151.2153},
		"52,13":                 {lat: 52, lon: 13},
		"https://www.openstreetmap.org/?mlat=52.5163&mlon=13.3777#map=17/1.0/2.0": berlin,
		"https://www.openstreetmap.org/#map=17/52.5163/13.3777":                   berlin,
		"https://maps.google.com/?q=52.5163,13.3777":                              berlin,
		"https://www.google.com/maps/place/X/@52.5163,13.3777,17z":                berlin,
		"https://maps.apple.com/?ll=52.5163%2C13.3777":                            berlin,
		"geo:52.5163,13.3777;u=35":                                                berlin,
	} {
		lat, lon, ok := Point(text)
		if got := (place{lat, lon}); !ok || got != want {
			t.Errorf("%q is %v (a place: %v), want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "Berlin", "91,0", "0,181", "1", "1,2,3", "https://example.org/1,2", "NaN,1", "1e5,1"} {
		if lat, lon, ok := Point(text); ok {
			t.Errorf("%q is the place %v %v, want none", text, lat, lon)
		}
	}
}

// Joiners and selectors are parts of emoji and of words: customers get them as they were typed. Alone they are nothing.
func TestInvisibleParts(t *testing.T) {
	t.Parallel()
	words := []string{"1\ufe0f\u20e3 Sales", "❤\ufe0f Yes", "👨\u200d💻 IT", "می\u200cخواهم"}
	buttons, bad := Buttons("\u200d\n"+strings.Join(words, "\n")+"\n\ufe0f \u200c", 10)
	if len(buttons) != len(words) || bad != "" {
		t.Fatalf("%q, %+v", bad, buttons)
	}
	for i, word := range words {
		if buttons[i].Title != word {
			t.Errorf("%+q became the button %+q", word, buttons[i].Title)
		}
		sections, _ := Rows(word+":\n"+word+"|"+word, 10)
		if want := (bridge.RichRow{ID: "r1", Title: word, Description: word}); len(sections) != 1 || sections[0].Title != word || sections[0].Rows[0] != want {
			t.Errorf("%+q became the list %+q", word, sections)
		}
		cards, _ := Cards(word+"\n"+word+"\n> "+word, 10)
		if len(cards) != 1 || cards[0].Title != word || cards[0].Text != word || cards[0].Buttons[0].Title != word {
			t.Errorf("%+q became the cards %+q", word, cards)
		}
		if tags := Tags(word + ", \ufe0f, #\u200d"); len(tags) != 1 || tags[0] != word {
			t.Errorf("%+q became the tags %+q", word, tags)
		}
	}
	if sections, bad := Rows("\u200d| more", 10); bad == "" {
		t.Errorf("a row without a title: %+q", sections)
	}
	if got := Visible("\u202ea\u00adb\u200b\n\u3164 c\x00 \u200d \xff"); got != "ab c" {
		t.Errorf("%+q", got)
	}
}

// Whatever is typed into the forms of rich messages, what comes out keeps the bounds that every provider has, or is refused in
// words.
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

// checkRich checks that an account that carries so many items carries this, and that it has words.
func checkRich(t *testing.T, r *bridge.Rich, maxItems int) {
	t.Helper()
	can := bridge.Capabilities{Rich: bridge.RichLimits{Buttons: maxItems, ListRows: maxItems, Carousel: maxItems}}
	if maxItems > 0 && !can.Carries(r) {
		t.Fatalf("an account with %d items doesn't carry %+v", maxItems, r)
	}
	if r.Kind() == "" || strings.TrimSpace(r.Text()) == "" {
		t.Fatalf("%+v has the kind %q and the words %q", r, r.Kind(), r.Text())
	}
}
