package offline

import (
	"cmp"
	"slices"
	"strings"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline/wordform"
)

// Intents are what customers want: "order_status", "return", "billing" and the like. A desk may have its own ones.
// An intent gets points from the model, from the desk's words for it, and from similar conversations.

// What a word of the desk and a conversation that is quite alike add to what the model says.
const (
	mentionWeight  = 4
	likenessWeight = 5
)

// How much of a desk's words is looked for, so that a message costs the same at every desk.
const (
	mostPhrases = 64
	phraseBytes = 200
)

// scored is a name with what speaks for it.
type scored struct {
	name  string
	score float64
}

// findIntents returns one or two things that a customer wants: by the model, by the desk's words and by what similar ones
// wanted.
func (a *Analyzer) findIntents(t *text, desk *analysis.Desk, alike []resemblance, v *verdict) []string {
	known := desk.Intents
	if len(known) == 0 {
		known = analysis.DefaultIntents()
	}

	var all []scored
	for _, intent := range known {
		score := v.scoreOfIntent(intent.Name) + mentionWeight*a.countMentions(t, intent.Words)
		if score <= unlearned { // nothing speaks for a desk's own intent but perhaps its name
			name := strings.NewReplacer("_", " ", "-", " ").Replace(intent.Name)
			score += mentionWeight * a.countMentions(t, []string{name})
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
	if len(all) > 0 && all[0].score >= leastIntent {
		found = append(found, all[0].name)
	}
	if len(all) > 1 && all[1].score >= secondIntent {
		found = append(found, all[1].name)
	}

	return found
}

// byScore puts the highest score first.
func byScore(a, b scored) int { return cmp.Compare(b.score, a.score) }

// countMentions counts how many of the words or phrases stand in a text, in any of their forms.
func (a *Analyzer) countMentions(t *text, phrases []string) float64 {
	count := 0.0
	for _, p := range phrases[:min(len(phrases), mostPhrases)] {
		if t.hasWords(a.read(p, phraseBytes).forms) {
			count++
		}
	}
	return count
}

// hasWords reports whether words stand in a text in this order, with at most two others between them. No words stand nowhere.
func (t *text) hasWords(words []string) bool {
	if len(words) == 0 {
		return false
	}
	for i := range t.tokens {
		if isSameWord(t.tokens[i].form, words[0]) && t.hasWordsBehind(i, words[1:]) {
			return true
		}
	}
	return false
}

// hasWordsBehind reports whether words stand behind a word, each where it is found first.
func (t *text) hasWordsBehind(at int, words []string) bool {
	for _, w := range words {
		const ahead = 3 // words
		window := t.tokens[at+1 : min(at+1+ahead, len(t.tokens))]
		skipped := slices.IndexFunc(window, func(k token) bool { return isSameWord(k.form, w) })
		if skipped < 0 {
			return false
		}
		at += 1 + skipped
	}
	return true
}

// isSameWord reports whether two folded words are forms of one.
func isSameWord(a, b string) bool {
	const (
		shortest       = 4 // bytes: shorter words are hardly inflected
		mostDifference = 4
	)
	if a == b {
		return true
	}
	if len(a) < shortest || len(b) < shortest {
		return false
	}
	return max(len(a), len(b))-min(len(a), len(b)) <= mostDifference && wordform.Stem(a) == wordform.Stem(b)
}
