package offline

import (
	"slices"

	"parley/bridge/analysis"
)

const (
	mostReplies = 3
	clearReply  = 0.12
)

// replies gives what of the desk's sources answers a text, by how like it they are. A source in the
// customer's own language goes first.
func (a *Analyzer) replies(b bag, language string, sources []analysis.Source) []analysis.Reply {
	sources = sources[:min(len(sources), mostSources)]
	bags := make([]bag, len(sources))
	same := make([]bool, len(sources))
	for i, s := range sources {
		asked := a.read(clip(s.Title, 200)+"\n"+clip(s.Text, sourceBytes), 2*sourceBytes)
		bags[i] = asked.bag
		written := asked.language
		if s.Reply != "" {
			written = a.read(s.Reply, sourceBytes).language
		}
		same[i] = written == language && language != ""
	}
	type choice struct {
		at       int
		likeness float64
	}
	var all []choice
	for i, l := range compare(b, bags) {
		if l < clearReply {
			continue
		}
		if same[i] {
			l *= 1.5
		}
		all = append(all, choice{i, l})
	}
	slices.SortStableFunc(all, func(x, y choice) int {
		switch {
		case x.likeness > y.likeness:
			return -1
		case x.likeness < y.likeness:
			return 1
		}
		return x.at - y.at
	})
	var found []analysis.Reply
	for _, c := range all {
		s := sources[c.at]
		words := s.Reply
		if words == "" {
			words = s.Text
		}
		twice := slices.ContainsFunc(found, func(r analysis.Reply) bool { return r.Text == words || r.Sources[0] == s.ID })
		if words == "" || s.ID == "" || twice {
			continue
		}
		if found = append(found, analysis.Reply{Text: words, Sources: []string{s.ID}}); len(found) == mostReplies {
			break
		}
	}
	return found
}
