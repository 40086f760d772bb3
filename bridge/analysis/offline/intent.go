package offline

import (
	"slices"
	"strings"

	"parley/bridge/analysis"
)

// What a word of the desk and a conversation that is quite alike add to what the model says.
const (
	mentionWeight  = 4
	likenessWeight = 5
)

// scored is a name with what speaks for it.
type scored struct {
	name  string
	score float64
}

// intents gives what a customer wants: by the model, by the desk's words and by what similar ones wanted.
func (a *Analyzer) intents(t *text, desk *analysis.Desk, alike []resemblance, v *verdict) []string {
	known := desk.Intents
	if len(known) == 0 {
		known = analysis.DefaultIntents()
	}
	var all []scored
	for _, intent := range known {
		score := v.intent(intent.Name) + mentionWeight*a.mentions(t, intent.Words)
		if score <= unlearned {
			score += mentionWeight * a.mentions(t, []string{strings.NewReplacer("_", " ", "-", " ").Replace(intent.Name)})
		}
		for _, r := range alike {
			if r.example.Intent == intent.Name && intent.Name != "" {
				score += likenessWeight * r.likeness
			}
		}
		all = append(all, scored{intent.Name, score})
	}
	slices.SortStableFunc(all, byScore)
	var found []string
	for i, s := range all {
		if i == 0 && s.score >= leastIntent || i == 1 && s.score >= secondIntent {
			found = append(found, s.name)
		}
	}
	return found
}

func byScore(a, b scored) int {
	switch {
	case a.score > b.score:
		return -1
	case a.score < b.score:
		return 1
	}
	return 0
}

// mentions counts how many of the words or phrases stand in a text, in any of their forms.
func (a *Analyzer) mentions(t *text, phrases []string) float64 {
	count := 0.0
	for _, p := range phrases[:min(len(phrases), 64)] {
		if sought := a.read(p, 200).forms; len(sought) > 0 && t.holds(sought) {
			count++
		}
	}
	return count
}

// holds says whether words stand in a text in this order, with at most two others between them.
func (t *text) holds(words []string) bool {
	for i := range t.tokens {
		if !sameWord(t.tokens[i].form, words[0]) {
			continue
		}
		at, rest := i, words[1:]
		for len(rest) > 0 {
			next := at + 1
			for next < len(t.tokens) && next <= at+3 && !sameWord(t.tokens[next].form, rest[0]) {
				next++
			}
			if next >= len(t.tokens) || next > at+3 {
				break
			}
			at, rest = next, rest[1:]
		}
		if len(rest) == 0 {
			return true
		}
	}
	return false
}

// sameWord says whether two folded words are forms of one.
func sameWord(a, b string) bool {
	if a == b {
		return true
	}
	if len(a) < 4 || len(b) < 4 {
		return false
	}
	return stem(a) == stem(b) && max(len(a), len(b))-min(len(a), len(b)) <= 4
}
