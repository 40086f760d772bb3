package offline

import (
	"cmp"
	"slices"

	"parley/bridge/analysis"
)

// Replies are suggested from the desk's sources: prepared texts and pages. Those that have most words in common
// with the customer's text are taken as they are; nothing new is written here.

// From where on a source is suggested, and how many are.
const (
	mostReplies    = 3
	leastReply     = 0.12 // of likeness, from 0 to 1
	languageFactor = 1.5  // for a source in the customer's own language
	titleBytes     = 200
)

// findReplies returns what of the desk's sources answers a text, by how like it they are. One in the customer's own language
// goes first also where its likeness is up to a third lower.
func (a *Analyzer) findReplies(b bag, language string, sources []analysis.Source) []analysis.Reply {
	sources = sources[:min(len(sources), maxSources)]
	bags := make([]bag, len(sources))
	isOwnLanguage := make([]bool, len(sources))
	for i, s := range sources {
		whole := a.read(clipText(s.Title, titleBytes)+"\n"+clipText(s.Text, maxSourceBytes), 2*maxSourceBytes)
		bags[i] = whole.bag
		written := whole.language
		if s.Reply != "" {
			written = a.read(s.Reply, maxSourceBytes).language
		}

		isOwnLanguage[i] = written == language && language != ""
	}

	type choice struct {
		at       int
		likeness float64
	}

	var all []choice
	for i, l := range compare(b, bags) {
		if l < leastReply {
			continue
		}
		if isOwnLanguage[i] {
			l *= languageFactor
		}

		all = append(all, choice{i, l})
	}

	slices.SortStableFunc(all, func(x, y choice) int { return cmp.Compare(y.likeness, x.likeness) })
	var found []analysis.Reply
	for _, c := range all {
		s := sources[c.at]
		words := cmp.Or(s.Reply, s.Text)
		isRepeated := slices.ContainsFunc(found, func(r analysis.Reply) bool { return r.Text == words || r.Sources[0] == s.ID })
		if words == "" || s.ID == "" || isRepeated {
			continue
		}

		found = append(found, analysis.Reply{Text: words, Sources: []string{s.ID}})
		if len(found) == mostReplies {
			break
		}
	}

	return found
}
