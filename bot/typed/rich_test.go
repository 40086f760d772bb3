package typed

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"parley/bridge"
)

func TestPoint(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]float64{
		"52.5163, 13.3777": {52.5163, 13.3777}, "-33.8568 151.2153": {-33.8568, 151.2153}, "(52.5163° ; 13.3777°)": {52.5163, 13.3777}, "52,13": {52, 13},
		"https://www.openstreetmap.org/?mlat=52.5163&mlon=13.3777#map=17/1.0/2.0": {52.5163, 13.3777},
		"https://www.openstreetmap.org/#map=17/52.5163/13.3777":                   {52.5163, 13.3777},
		"https://maps.google.com/?q=52.5163,13.3777":                              {52.5163, 13.3777},
		"https://www.google.com/maps/place/X/@52.5163,13.3777,17z":                {52.5163, 13.3777},
		"https://maps.apple.com/?ll=52.5163%2C13.3777":                            {52.5163, 13.3777},
		"geo:52.5163,13.3777;u=35":                                                {52.5163, 13.3777},
	} {
		if lat, lon, ok := Point(text); !ok || lat != want[0] || lon != want[1] {
			t.Errorf("%q is %v %v %v", text, lat, lon, ok)
		}
	}
	for _, text := range []string{"", "Berlin", "91,0", "0,181", "1", "1,2,3", "https://example.org/1,2", "NaN,1", "1e5,1"} {
		if lat, lon, ok := Point(text); ok {
			t.Errorf("%q is %v %v", text, lat, lon)
		}
	}
}

// Whatever is typed into the forms of rich messages, what comes out keeps the bounds that
// every provider has, or is refused in words.
func FuzzRich(f *testing.F) {
	for _, s := range []string{"Yes\nNo", "Desk:\nLuna | 40 cm\nFloor:\nStella", "Luna\nWarm\nhttps://x.test/1.jpg\n> Order | https://x.test\n\nSol\nx", "52.5, 13.4", "+49 (0) 171 5550100", "1. a\n- b\n:\n|", "> \n>|"} {
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, text string, most int) {
		if most = max(0, min(most, 20)); !utf8.ValidString(text) {
			return // clients send UTF-8
		}
		short := func(s string, runes int) {
			if s == "" || most > 0 && utf8.RuneCountInString(s) > runes || strings.ContainsAny(s, "\r\n") {
				t.Fatalf("%q from %q", s, text)
			}
		}
		r := &bridge.Rich{}
		bad := ""
		if r.Buttons, bad = Buttons(text, most); bad == "" {
			for _, b := range r.Buttons {
				short(b.Title, MaxButtonRunes)
			}
			sound(t, r, most)
		}
		sections, bad := Rows(text, most)
		if bad == "" {
			for _, s := range sections {
				for _, row := range s.Rows {
					short(row.Title, maxRowRunes)
				}
			}
			sound(t, &bridge.Rich{List: &bridge.RichList{Button: "x", Sections: sections}}, most)
		}
		cards, bad := Cards(text, most)
		if bad == "" {
			for _, c := range cards {
				short(c.Title, maxCardRunes)
				for _, b := range c.Buttons {
					short(b.Title, MaxButtonRunes)
				}
			}
			sound(t, &bridge.Rich{Cards: cards}, most)
		}
		if lat, lon, ok := Point(text); ok && (lat < -90 || lat > 90 || lon < -180 || lon > 180 || lat != lat || lon != lon) {
			t.Fatalf("%q is %v %v", text, lat, lon)
		}
		if phones, bad := Phones(text); bad == "" && !reflect.DeepEqual(phones, normal(phones)) {
			t.Fatalf("%q is %q", text, phones)
		}
	})
}

// sound holds that an account that carries so much carries this, and that it has words.
func sound(t *testing.T, r *bridge.Rich, most int) {
	t.Helper()
	can := bridge.Capabilities{Rich: bridge.RichLimits{Buttons: most, ListRows: most, Carousel: most}}
	if most > 0 && !can.Carries(r) || r.Kind() == "" || strings.TrimSpace(r.Text()) == "" {
		t.Fatalf("%+v with at most %d", r, most)
	}
}

func normal(phones []string) []string {
	var list []string
	for _, p := range phones {
		if len(p) > 7 && len(p) < 17 && p[0] == '+' && strings.Trim(p[1:], "0123456789") == "" {
			list = append(list, p)
		}
	}
	return list
}
