package lexicon

import (
	"slices"
	"strings"
	"testing"
)

// TestLexiconsAreWellFormed: there is a lexicon for each of our languages, and none is nearly empty.
func TestLexiconsAreWellFormed(t *testing.T) {
	t.Parallel()
	const minSmallWords, minWords, minNumbers = 80, 300, 8 // less means that a file was cut, or a heading lost
	all, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range all.Ours {
		names = append(names, l.Language)
		if len(l.Function) < minSmallWords || len(l.Exact) < minWords || len(l.Numbers) < minNumbers {
			t.Errorf("%s has %d small words, %d words and %d numbers; want at least %d, %d, %d",
				l.Language, len(l.Function), len(l.Exact), len(l.Numbers), minSmallWords, minWords, minNumbers)
		}
	}
	slices.Sort(names)
	if want := []string{"de", "en", "es", "fr", "it", "nl", "pl", "pt"}; !slices.Equal(names, want) {
		t.Errorf("there are lexicons of %v, want %v", names, want)
	}
}

// TestLexiconsNameWhatIsKnown: each phrase stands under a heading that the analysis knows. A misspelt one would be read by
// nobody.
func TestLexiconsNameWhatIsKnown(t *testing.T) {
	t.Parallel()
	known := map[Family][]string{
		OfMood:     {"positive", "negative", "frustrated", "thanks", "fault", "irony", "polite"},
		OfModifier: {"not", "very", "slightly", "but", "staff"},
		OfUrgency:  {"urgent", "soon", "stake", "calm", "over"},
		OfIntent: {
			"product", "quote", "order_status", "order_change", "return", "billing", "problem", "account", "cancel", "appointment",
			"complaint", "feedback", "thanks",
		},
		OfAnnounce: {"order", "quote", "invoice", "shipment", "ticket", "other", "filler"},
		OfDate:     {"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "back"},
	}
	for _, l := range allLexicons(t) {
		eachPhrase(l, func(first string, p Phrase) {
			if !slices.Contains(known[p.Section.Family], p.Section.Name) {
				t.Errorf("%s: %q stands below an unknown heading: %q", l.Language, first, p.Section.Name)
			}
		})
	}
}

// TestLexiconsDontContradict: no phrase stands under two headings that can't both be meant, such as positive and negative.
func TestLexiconsDontContradict(t *testing.T) {
	t.Parallel()
	contrary := [][2]string{
		{"positive", "negative"}, {"positive", "frustrated"}, {"positive", "fault"}, {"negative", "thanks"}, {"negative", "polite"},
		{"thanks", "frustrated"}, {"urgent", "calm"}, {"urgent", "over"}, {"calm", "soon"},
	}
	for _, l := range allLexicons(t) {
		headings := map[string][]string{} // by phrase
		eachPhrase(l, func(first string, p Phrase) {
			if p.Section.Family == OfMood || p.Section.Family == OfUrgency {
				phrase := phraseText(first, p)
				headings[phrase] = append(headings[phrase], p.Section.Name)
			}
		})
		for phrase, names := range headings {
			for _, pair := range contrary {
				if slices.Contains(names, pair[0]) && slices.Contains(names, pair[1]) {
					t.Errorf("%s: %q is both %s and %s", l.Language, phrase, pair[0], pair[1])
				}
			}
		}
	}
}

// TestLexiconsSayThingsOnce: no phrase stands twice under one heading.
func TestLexiconsSayThingsOnce(t *testing.T) {
	t.Parallel()
	type key struct {
		family          Family
		heading, phrase string
	}
	for _, l := range allLexicons(t) {
		counts := map[key]int{}
		eachPhrase(l, func(first string, p Phrase) {
			counts[key{p.Section.Family, p.Section.Name, phraseText(first, p)}]++
		})
		for k, n := range counts {
			if n > 1 {
				t.Errorf("%s: %q stands %d times below %q, want at most 1", l.Language, k.phrase, n, k.heading)
			}
		}
	}
}

// TestAMalformedLexiconIsRefused: what README.md doesn't allow is an error, and not a phrase that never matches.
func TestAMalformedLexiconIsRefused(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"words before a heading":   "good",
		"a heading without a name": "== mood",
		"neither strong nor weak":  "== mood positive very",
		"an unknown family":        "== feeling good\nx",
		"a gap at the beginning":   "== mood positive\n.. good",
		"a gap at the end":         "== mood positive\ngood ..",
		"a mark without a stem":    "== mood positive\n*",
	} {
		if _, err := parse("xx", content); err == nil {
			t.Errorf("%s was read: %q", name, content)
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

// phraseText returns a phrase as its file has it: its first word and the rest.
func phraseText(first string, p Phrase) string {
	words := []string{first}
	for _, choices := range p.Rest {
		words = append(words, strings.Join(choices, "/"))
	}
	return strings.Join(words, " ")
}

// eachPhrase calls see for every phrase, with its first word as the file has it: "deliver*", "*rechnung".
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
