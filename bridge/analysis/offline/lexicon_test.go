package offline

import (
	"slices"
	"strings"
	"testing"
)

func TestLexiconsAreWellFormed(t *testing.T) {
	a, err := readKnowledge()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range a.lexicons {
		names = append(names, l.language)
		if len(l.function) < 80 || len(l.exact) < 300 || len(l.numbers) < 8 {
			t.Errorf("%s knows little: %d small words, %d others", l.language, len(l.function), len(l.exact))
		}
	}
	slices.Sort(names)
	if want := []string{"de", "en", "es", "fr", "it", "nl", "pl", "pt"}; !slices.Equal(names, want) {
		t.Errorf("lexicons of %v", names)
	}
	for _, code := range []string{"sv", "da", "cs", "tr", "ro", "ca"} {
		if !slices.Contains(a.languages.codes, code) {
			t.Errorf("%s isn't told apart", code)
		}
	}
}

// TestLexiconsNameWhatIsKnown finds headings that nobody reads.
func TestLexiconsNameWhatIsKnown(t *testing.T) {
	known := map[family]string{
		ofMood: "positive negative frustrated thanks fault irony polite", ofModifier: "not very slightly but staff",
		ofUrgency:  "urgent soon stake calm over",
		ofIntent:   "product quote order_status order_change return billing problem account cancel appointment complaint feedback thanks",
		ofAnnounce: "order quote invoice shipment ticket other filler", ofDate: "1 2 3 4 5 6 7 8 9 10 11 12 back",
	}
	for _, l := range allLexicons(t) {
		eachPhrase(l, func(first string, p phrase) {
			if !slices.Contains(strings.Fields(known[p.section.family]), p.section.name) {
				t.Errorf("%s: %q stands below an unknown heading: %q", l.language, first, p.section.name)
			}
		})
	}
}

// TestLexiconsDontContradict finds phrases that say two things which can't both be meant.
func TestLexiconsDontContradict(t *testing.T) {
	contrary := map[string]string{
		"positive": "negative frustrated fault", "negative": "positive thanks polite", "thanks": "negative frustrated",
		"urgent": "calm over", "calm": "urgent soon",
	}
	for _, l := range allLexicons(t) {
		said := map[string][]string{}
		eachPhrase(l, func(first string, p phrase) {
			if p.section.family != ofMood && p.section.family != ofUrgency {
				return
			}
			key := first
			for _, e := range p.rest {
				key += " " + strings.Join(e, "/")
			}
			said[key] = append(said[key], p.section.name)
		})
		for key, names := range said {
			for _, n := range names {
				for _, o := range names {
					if slices.Contains(strings.Fields(contrary[n]), o) {
						t.Errorf("%s: %q is both %s and %s", l.language, key, n, o)
					}
				}
			}
		}
	}
}

// TestLexiconsSayThingsOnce finds doubles within one heading.
func TestLexiconsSayThingsOnce(t *testing.T) {
	for _, l := range allLexicons(t) {
		said := map[string]int{}
		eachPhrase(l, func(first string, p phrase) {
			key := p.section.name + ": " + first
			for _, e := range p.rest {
				key += " " + strings.Join(e, "/")
			}
			said[string(rune('a'+p.section.family))+" "+key]++
		})
		doubles := 0
		for key, n := range said {
			if n > 1 {
				doubles++
				t.Logf("%s: %q stands there %d times", l.language, key, n)
			}
		}
		if doubles > 0 {
			t.Errorf("%s: %d doubles", l.language, doubles)
		}
	}
}

func TestAMalformedLexiconIsRefused(t *testing.T) {
	for _, content := range []string{
		"words before a heading", "== mood", "== mood positive very", "== feeling good\nx", "== mood positive\n.. good", "== mood positive\ngood ..",
		"== mood positive\n*",
	} {
		if _, err := parseLexicon("xx", content); err == nil {
			t.Errorf("%q was read", content)
		}
	}
}

func allLexicons(t *testing.T) []*lexicon {
	t.Helper()
	a, err := readKnowledge()
	if err != nil {
		t.Fatal(err)
	}
	return append([]*lexicon{a.common, a.foreign}, a.lexicons...)
}

func eachPhrase(l *lexicon, see func(first string, p phrase)) {
	for first, phrases := range l.exact {
		for _, p := range phrases {
			see(first, p)
		}
	}
	for first, phrases := range l.stems {
		for _, p := range phrases {
			see(first+"*", p)
		}
	}
	for first, phrases := range l.tails {
		for _, p := range phrases {
			see("*"+first, p)
		}
	}
}
