package offline

import (
	"cmp"
	"slices"
	"strings"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline/wordform"
)

// Scores that are added to the model's score of an intent.
const (
	mentionScore = 4 // for each of the desk's words that the text contains
)

// Limits of a desk's words, so that analysing a message costs about the same at every desk.
const (
	maxPhrases     = 64
	maxPhraseBytes = 200
)

// scored is the name of an intent or a tag with its score.
type scored struct {
	name  string
	score float64
}

// findIntents returns at most two intents of a text, the clearest first. An intent is one thing that a customer wants, such
// as "order_status". Its score is the sum of the model's score, and the mentions of the desk's words for it. A desk, which is one helpdesk, may define intents of its own, which the model doesn't know.
func (a *Analyzer) findIntents(t *text, desk *analysis.Desk, v *verdict) []string {
	known := desk.Intents
	if len(known) == 0 {
		known = analysis.DefaultIntents()
	}

	var all []scored
	for _, intent := range known {
		score := v.scoreOfIntent(intent.Name) + mentionScore*a.countMentions(t, intent.Words)
		if score <= unlearnedScore { // the desk's own intent, without a mention: its name counts as a word
			name := strings.NewReplacer("_", " ", "-", " ").Replace(intent.Name)
			score += mentionScore * a.countMentions(t, []string{name})
		}

		all = append(all, scored{intent.Name, score})
	}

	slices.SortStableFunc(all, byScore)
	var found []string
	if len(all) > 0 && all[0].score >= minIntentScore {
		found = append(found, all[0].name)
	}
	if len(all) > 1 && all[1].score >= minSecondIntentScore {
		found = append(found, all[1].name)
	}

	return found
}

// byScore sorts the highest score first.
func byScore(a, b scored) int { return cmp.Compare(b.score, a.score) }

// countMentions returns how many of some words or phrases a text contains, in any of their inflected forms.
func (a *Analyzer) countMentions(t *text, phrases []string) float64 {
	count := 0.0
	for _, p := range phrases[:min(len(phrases), maxPhrases)] {
		if t.hasWords(a.read(p, maxPhraseBytes).forms) {
			count++
		}
	}
	return count
}

// hasWords reports whether a text contains some words in this order, with at most two other words between each of them. It
// returns false for no words.
func (t *text) hasWords(words []string) bool {
	if len(words) == 0 {
		return false
	}
	for i := range t.tokens {
		if isSameWord(t.tokens[i].form, words[0]) && t.hasWordsAfter(i, words[1:]) {
			return true
		}
	}
	return false
}

// hasWordsAfter does the same for the words after the word i. It uses the first occurrence of each word.
func (t *text) hasWordsAfter(i int, words []string) bool {
	const ahead = 3 // words
	for _, w := range words {
		window := t.tokens[i+1 : min(i+1+ahead, len(t.tokens))]
		skipped := slices.IndexFunc(window, func(k token) bool { return isSameWord(k.form, w) })
		if skipped < 0 {
			return false
		}
		i += 1 + skipped
	}
	return true
}

// isSameWord reports whether two folded words are inflected forms of the same word.
func isSameWord(a, b string) bool {
	const (
		minInflected  = 4 // bytes; shorter words are rarely inflected
		maxDifference = 4 // bytes
	)
	if a == b {
		return true
	}
	if len(a) < minInflected || len(b) < minInflected {
		return false
	}
	difference := max(len(a), len(b)) - min(len(a), len(b))
	return difference <= maxDifference && wordform.Stem(a) == wordform.Stem(b)
}
