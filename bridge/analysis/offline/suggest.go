package offline

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"parley/bridge/analysis"
)

// This file says what a text means for a desk, which is one company's helpdesk: which of its intents and tags fit, and which
// of its texts may answer.

const (
	maxIntents = 2
	maxTags    = 3
	maxReplies = 3

	mentionScore       = 4.0  // that one of the desk's words adds to an intent's score
	minReplySimilarity = 0.12 // from 0 to 1
	languageFactor     = 1.5  // for the similarity of a source in the customer's language
)

// Limits of a desk's texts, so that analysing a message costs about the same at every desk.
const (
	maxPhrases     = 64
	maxPhraseBytes = 200
	maxSources     = 60
	maxSourceBytes = 1000
)

// scored is the name of an intent or a tag, or a source's index, with its score.
type scored struct {
	name  string
	index int
	score float64
}

// best sorts the highest score first, and returns at most limit of those that aren't below minScore.
func best(all []scored, minScore float64, limit int) []scored {
	all = slices.DeleteFunc(all, func(s scored) bool { return s.score < minScore })
	slices.SortStableFunc(all, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	return all[:min(len(all), limit)]
}

func intentsOf(desk *analysis.Desk) []analysis.Intent {
	if len(desk.Intents) == 0 {
		return analysis.DefaultIntents()
	}
	return desk.Intents
}

// findIntents returns at most two intents of a text, the clearest first. An intent is one thing that a customer wants, such
// as "order_status". A desk may define intents of its own, which the model doesn't know: they are found by their words, or
// by their name. said has the intents that phrases of the lexicons speak for.
func (a *Analyzer) findIntents(t *text, desk *analysis.Desk, v *verdict, said []string) (found []string) {
	var all []scored
	for _, intent := range intentsOf(desk) {
		if intent.Name == "thanks" {
			continue // it asks for nothing, so there is nothing to find
		}
		score := v.scoreOfIntent(intent.Name)
		words := intent.Words
		if !slices.Contains(said, intent.Name) && score < minIntentAlone {
			score = unlearned
		}
		if !slices.Contains(analysis.IntentNames(), intent.Name) {
			words = append(slices.Clone(words), strings.NewReplacer("_", " ", "-", " ").Replace(intent.Name))
		}
		if a.mentions(t, words) {
			score = max(score, 0) + mentionScore
		}
		all = append(all, scored{name: intent.Name, score: score})
	}
	for _, s := range best(all, minIntent, maxIntents) {
		found = append(found, s.name)
	}
	return found
}

// findTags suggests tags for a text, the best first: those whose name or words the text contains, then those that usually go
// with one of its intents.
func (a *Analyzer) findTags(t *text, desk *analysis.Desk, intents []string) (found []string) {
	var usual []string
	for _, i := range intentsOf(desk) {
		if slices.Contains(intents, i.Name) {
			usual = append(usual, i.Tags...)
		}
	}
	var all []scored
	for _, tag := range desk.Tags {
		isUsual := slices.ContainsFunc(usual, func(name string) bool { return strings.EqualFold(name, tag.Name) })
		name := strings.NewReplacer("_", " ", "-", " ", "/", " ").Replace(tag.Name)
		isNamed := a.mentions(t, append([]string{name}, tag.Words...))
		all = append(all, scored{name: tag.Name, score: float64(2*count(isNamed) + count(isUsual))})
	}
	for _, s := range best(all, 1, maxTags) {
		if s.name != "" && !slices.Contains(found, s.name) {
			found = append(found, s.name)
		}
	}
	return found
}

// mentions reports whether a text contains one of some words or phrases, in any of their inflected forms. Between the words
// of a phrase there may be two others.
func (a *Analyzer) mentions(t *text, phrases []string) bool {
	return slices.ContainsFunc(phrases[:min(len(phrases), maxPhrases)], func(p string) bool {
		words := a.read(p, maxPhraseBytes).forms
		for i := range t.tokens {
			if len(words) > 0 && isSameWord(t.tokens[i].form, words[0]) && t.hasWordsAfter(i, words[1:]) {
				return true
			}
		}
		return false
	})
}

func (t *text) hasWordsAfter(i int, words []string) bool {
	const ahead = 3
	for _, w := range words {
		next := t.tokens[i+1 : min(i+1+ahead, len(t.tokens))]
		skipped := slices.IndexFunc(next, func(k token) bool { return isSameWord(k.form, w) })
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
	difference := max(len(a), len(b)) - min(len(a), len(b))
	isInflected := min(len(a), len(b)) >= minInflected && difference <= maxDifference
	return a == b || isInflected && Stem(a) == Stem(b)
}

// bag is a bag of words: the number of occurrences of each word stem in a text.
type bag map[string]float64

// newBag returns the bag of words of a text, without numbers, short words and function words such as "the".
func (a *Analyzer) newBag(t *text) bag {
	const minBytes = 3
	b := bag{}
	for i := range t.tokens {
		form := t.tokens[i].form
		if len(form) >= minBytes && !t.tokens[i].number && a.languages.words[form] == 0 {
			b[Stem(form)]++
		}
	}
	return b
}

// findReplies suggests replies to a text: those of a desk's sources (templates and pages of its knowledge base) that have the
// most words in common with the text, unchanged and best first. It prefers sources in the customer's language.
func (a *Analyzer) findReplies(t *text, language string, sources []analysis.Source) (replies []analysis.Reply) {
	sources = sources[:min(len(sources), maxSources)]
	bags := make([]bag, len(sources))
	for i, s := range sources {
		bags[i] = a.read(s.Title+"\n"+s.Text, maxSourceBytes).bag
	}
	var all []scored
	for i, similarity := range compare(a.newBag(t), bags) {
		isOwn := language != "" && a.read(sources[i].Title+"\n"+sources[i].Text, maxSourceBytes).language == language
		if similarity >= minReplySimilarity && isOwn {
			similarity *= languageFactor
		}
		all = append(all, scored{index: i, score: similarity})
	}
	for _, c := range best(all, minReplySimilarity, len(all)) {
		s := sources[c.index]
		isRepeated := slices.ContainsFunc(replies, func(r analysis.Reply) bool { return r.Text == s.Text || r.Sources[0] == s.ID })
		if s.Text != "" && s.ID != "" && !isRepeated && len(replies) < maxReplies {
			replies = append(replies, analysis.Reply{Text: s.Text, Sources: []string{s.ID}})
		}
	}
	return replies
}

// compare returns the similarity of one text to each of several others, from 0 to 1: the cosine of their tf-idf vectors. A
// stem has more weight if it is frequent in a text and rare among the other texts.
func compare(one bag, many []bag) []float64 {
	textsWith := map[string]float64{} // by stem
	for _, b := range many {
		for stem := range b {
			textsWith[stem]++
		}
	}
	product := func(a, b bag) float64 {
		var parts []float64 // added in order, so that the rounding error doesn't depend on the iteration order of a map
		for stem, n := range a {
			if b[stem] > 0 {
				rarity := math.Log(1 + float64(len(many)+1)/(textsWith[stem]+1))
				parts = append(parts, (1+math.Log(n))*(1+math.Log(b[stem]))*rarity*rarity)
			}
		}
		slices.Sort(parts)
		sum := 0.0
		for _, p := range parts {
			sum += p
		}
		return sum
	}
	similarities := make([]float64, len(many))
	for i, b := range many {
		if both := product(one, b); both > 0 {
			similarities[i] = both / math.Sqrt(product(one, one)*product(b, b))
		}
	}
	return similarities
}

// suggestActions suggests what an agent could do next: give an urgent message priority, or snooze another one until the
// customer is back ("I'm away until 5 December"). It suggests only what the desk offers.
func suggestActions(t *text, matches []match, q *analysis.Question, urgent bool) []analysis.Action {
	action := analysis.Action{Name: analysis.Snooze, Value: awayUntil(t, matches, q.Now)}
	if urgent {
		action = analysis.Action{Name: analysis.Priority, Value: "urgent"}
	}
	if action.Value == "" || !slices.Contains(q.Desk.Actions, action.Name) {
		return nil
	}
	return []analysis.Action{action}
}
