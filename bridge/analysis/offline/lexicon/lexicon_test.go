package lexicon

import (
	"slices"
	"strings"
	"testing"
)

func TestLexiconsAreWellFormed(t *testing.T) {
	all, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range all.Ours {
		names = append(names, l.Language)
		if len(l.Function) < 80 || len(l.Exact) < 300 || len(l.Numbers) < 8 {
			t.Errorf("%s knows little: %d small words, %d others", l.Language, len(l.Function), len(l.Exact))
		}
	}
	slices.Sort(names)
	if want := []string{"de", "en", "es", "fr", "it", "nl", "pl", "pt"}; !slices.Equal(names, want) {
		t.Errorf("lexicons of %v", names)
	}
}

// TestLexiconsNameWhatIsKnown finds headings that nobody reads.
func TestLexiconsNameWhatIsKnown(t *testing.T) {
	known := map[Family]string{
		OfMood: "positive negative frustrated thanks fault irony polite", OfModifier: "not very slightly but staff",
		OfUrgency:  "urgent soon stake calm over",
		OfIntent:   "product quote order_status order_change return billing problem account cancel appointment complaint feedback thanks",
		OfAnnounce: "order quote invoice shipment ticket other filler", OfDate: "1 2 3 4 5 6 7 8 9 10 11 12 back",
	}
	for _, l := range allLexicons(t) {
		eachPhrase(l, func(first string, p Phrase) {
			if !slices.Contains(strings.Fields(known[p.Section.Family]), p.Section.Name) {
				t.Errorf("%s: %q stands below an unknown heading: %q", l.Language, first, p.Section.Name)
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
		eachPhrase(l, func(first string, p Phrase) {
			if p.Section.Family != OfMood && p.Section.Family != OfUrgency {
				return
			}
			key := first
			for _, e := range p.Rest {
				key += " " + strings.Join(e, "/")
			}
			said[key] = append(said[key], p.Section.Name)
		})
		for key, names := range said {
			for _, n := range names {
				for _, o := range names {
					if slices.Contains(strings.Fields(contrary[n]), o) {
						t.Errorf("%s: %q is both %s and %s", l.Language, key, n, o)
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
		eachPhrase(l, func(first string, p Phrase) {
			key := p.Section.Name + ": " + first
			for _, e := range p.Rest {
				key += " " + strings.Join(e, "/")
			}
			said[string(rune('a'+p.Section.Family))+" "+key]++
		})
		doubles := 0
		for key, n := range said {
			if n > 1 {
				doubles++
				t.Logf("%s: %q stands there %d times", l.Language, key, n)
			}
		}
		if doubles > 0 {
			t.Errorf("%s: %d doubles", l.Language, doubles)
		}
	}
}

func TestAMalformedLexiconIsRefused(t *testing.T) {
	for _, content := range []string{
		"words before a heading", "== mood", "== mood positive very", "== feeling good\nx", "== mood positive\n.. good", "== mood positive\ngood ..",
		"== mood positive\n*",
	} {
		if _, err := parse("xx", content); err == nil {
			t.Errorf("%q was read", content)
		}
	}
}

func allLexicons(t *testing.T) []*Lexicon {
	t.Helper()
	all, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	return append([]*Lexicon{all.Common, all.Foreign}, all.Ours...)
}

func eachPhrase(l *Lexicon, see func(first string, p Phrase)) {
	for first, phrases := range l.Exact {
		for _, p := range phrases {
			see(first, p)
		}
	}
	for first, phrases := range l.Stems {
		for _, p := range phrases {
			see(first+"*", p)
		}
	}
	for first, phrases := range l.Tails {
		for _, p := range phrases {
			see("*"+first, p)
		}
	}
}
