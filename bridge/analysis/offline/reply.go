package offline

import (
	"cmp"
	"slices"

	"parley/bridge/analysis"
)

const (
	maxReplies         = 3
	minReplySimilarity = 0.12 // from 0 to 1
	languageFactor     = 1.5  // for the similarity of a source in the customer's language
	maxTitleBytes      = 200
)

// findReplies suggests replies to a text from the sources of a desk (one helpdesk): templates and
// pages of its knowledge base. It returns the replies of the sources with the most words in common with the text, unchanged
// and best first. It prefers sources in the customer's language. b has the words of the text.
func (a *Analyzer) findReplies(b bag, language string, sources []analysis.Source) []analysis.Reply {
	sources = sources[:min(len(sources), maxSources)]
	bags := make([]bag, len(sources))
	isOwnLanguage := make([]bool, len(sources))
	for i, s := range sources {
		reading := a.read(clipText(s.Title, maxTitleBytes)+"\n"+clipText(s.Text, maxSourceBytes), 2*maxSourceBytes)
		bags[i] = reading.bag
		isOwnLanguage[i] = reading.language == language && language != ""
	}

	type candidate struct {
		source     analysis.Source
		similarity float64
	}

	var candidates []candidate
	for i, similarity := range compare(b, bags) {
		if similarity < minReplySimilarity {
			continue
		}
		if isOwnLanguage[i] {
			similarity *= languageFactor
		}

		candidates = append(candidates, candidate{sources[i], similarity})
	}

	slices.SortStableFunc(candidates, func(x, y candidate) int { return cmp.Compare(y.similarity, x.similarity) })
	var replies []analysis.Reply
	for _, c := range candidates {
		text := c.source.Text
		isRepeated := slices.ContainsFunc(replies, func(r analysis.Reply) bool { return r.Text == text || r.Sources[0] == c.source.ID })
		if text == "" || c.source.ID == "" || isRepeated {
			continue
		}

		replies = append(replies, analysis.Reply{Text: text, Sources: []string{c.source.ID}})
		if len(replies) == maxReplies {
			break
		}
	}

	return replies
}
