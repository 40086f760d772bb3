package offline

import (
	"slices"
	"strings"

	"parley/bridge/analysis"
)

// When an intent is clear: what it has to reach, and how near a second one comes.
const (
	clearIntent  = 0.9
	secondIntent = 0.75
)

// scored is a name with what speaks for it.
type scored struct {
	name  string
	score float64
}

// intents gives what a customer wants: by the lexicons, by the desk's words and by what similar ones wanted.
func (a *Analyzer) intents(t *text, matches []match, desk *analysis.Desk, alike []resemblance, mood analysis.Sentiment) []string {
	known := desk.Intents
	if len(known) == 0 {
		known = analysis.DefaultIntents()
	}
	said := intentScores(t, matches)
	settle(t, said, mood)
	var all []scored
	for _, intent := range known {
		score := said[intent.Name] + 1.5*a.mentions(t, intent.Words)
		if len(desk.Intents) > 0 && len(said) == 0 || said[intent.Name] == 0 {
			score += a.mentions(t, []string{strings.NewReplacer("_", " ", "-", " ").Replace(intent.Name)})
		}
		for _, r := range alike {
			if r.example.Intent == intent.Name && intent.Name != "" {
				score += 2 * r.likeness
			}
		}
		all = append(all, scored{intent.Name, score})
	}
	slices.SortStableFunc(all, byScore)
	if len(all) == 0 {
		return nil
	}
	if all[0].score < clearIntent {
		return likely(t, all, mood, known)
	}
	found := []string{all[0].name}
	if len(all) > 1 && all[1].score >= clearIntent && all[1].score >= secondIntent*all[0].score && all[1].name != all[0].name {
		found = append(found, all[1].name)
	}
	return found
}

// likely gives what a text without a clear intent mostly wants, in its mood, where the desk knows it: an unhappy
// one tells of a problem or complains, praise is feedback, and a calm question is about a product.
func likely(t *text, all []scored, mood analysis.Sentiment, known []analysis.Intent) []string {
	if len(all) > 0 && all[0].score >= 0.5 && all[0].name != "thanks" {
		return []string{all[0].name}
	}
	name := ""
	if t.forwarded || len(t.tokens) <= 3 && mood != analysis.Positive {
		return nil
	}
	switch mood {
	case analysis.Positive:
		name = "feedback"
		if len(t.tokens) <= 4 {
			name = "thanks"
		}
	case analysis.Negative:
		name = "complaint"
	case analysis.Frustrated, analysis.Pressing:
		name = "problem"
	case analysis.Neutral:
		if t.questions() && len(t.tokens) >= 4 {
			name = "product"
		}
	}
	if slices.ContainsFunc(known, func(i analysis.Intent) bool { return i.Name == name }) {
		return []string{name}
	}
	return nil
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

// intentScores counts the phrases of each intent; the same words said again count once.
func intentScores(t *text, matches []match) map[string]float64 {
	said := map[string]float64{}
	seen := map[string]bool{}
	byName := map[string][]match{}
	for _, m := range of(matches, ofIntent) {
		byName[m.name] = append(byName[m.name], m)
	}
	for name, list := range byName {
		for _, m := range longest(list) {
			key := name + " " + t.tokens[m.first].form
			if seen[key] {
				continue
			}
			seen[key] = true
			w := m.weight
			if m.last-m.first >= 2 {
				w *= 1.4 // several words say more than one
			}
			if t.tokens[m.first].quoted {
				if t.forwarded {
					continue
				}
				w *= 0.5
			}
			if t.inSubject(t.tokens[m.first].from) {
				w *= 1.2
			}
			said[name] += w
		}
	}
	for name, w := range said {
		if w > 2 {
			said[name] = 2 + (w-2)*0.6 // a long text says many words of everything
		}
	}
	return said
}

// settle decides between intents which share words.
func settle(t *text, said map[string]float64, mood analysis.Sentiment) {
	asks := 0.0
	for _, name := range []string{
		"product", "quote", "order_status", "order_change", "return", "billing", "problem", "account", "cancel", "appointment",
	} {
		asks = max(asks, said[name])
	}
	unhappy := mood == analysis.Negative || mood == analysis.Frustrated
	if said["complaint"] > 0 && !unhappy {
		said["complaint"] *= 0.5
	}
	if mood == analysis.Frustrated && said["complaint"] > 0 {
		said["complaint"] += 0.4
		concrete(said)
	}
	if first := max(said["return"], said["cancel"]); mood == analysis.Negative && first >= clearIntent && first < said["complaint"] {
		for _, name := range []string{"return", "cancel"} {
			if said[name] == first {
				said[name], said["complaint"] = said["complaint"], max(first, 0.8*said["complaint"])
				break
			}
		}
	}
	if mood == analysis.Negative && max(said["problem"], said["billing"]) >= clearIntent {
		said["complaint"] *= 0.7
	}
	if unhappy {
		said["feedback"] *= 0.3
		said["thanks"] *= 0.1
	}
	if mood == analysis.Positive && said["thanks"] > 0 && !t.questions() {
		for name := range said {
			if name != "thanks" && name != "feedback" {
				said[name] *= 0.5
			}
		}
		asks *= 0.5
	}
	if asks >= clearIntent {
		said["thanks"] *= 0.2
		said["feedback"] *= 0.6
	}
	if t.questions() {
		said["thanks"] *= 0.3
	}
	if said["feedback"] >= clearIntent {
		said["thanks"] *= 0.5
	}
	if said["order_change"] > 0.9 {
		said["cancel"] *= 0.4
		said["order_status"] *= 0.7
	}
	if said["cancel"] > 0.9 {
		said["account"] *= 0.6
	}
}

// concrete puts what somebody waits for before the complaint that the waiting takes so long.
func concrete(said map[string]float64) {
	best := ""
	for _, name := range []string{"order_status", "problem", "return", "billing", "account", "cancel", "appointment", "quote"} {
		if said[name] >= 0.5 && (best == "" || said[name] > said[best]) {
			best = name
		}
	}
	if best != "" && said[best] < said["complaint"] {
		said[best], said["complaint"] = said["complaint"], max(said[best], 0.8*said["complaint"])
	}
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
