package insight

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/engine/book"
	"parley/bridge/engine/own"
	"parley/store/suggested"
	"parley/store/suggestion"
)

// newReplies tells whether the reply that is suggested first is worth telling: it is no answer to thanks, and was
// not suggested before.
func (us *UseCases) newReplies(c *book.Conversation, f own.Fact) bool {
	replies := f.Answer.Replies
	if len(replies) == 0 || !saysMore(f.Answer.Intents) {
		return false
	}
	sum := sha256.Sum256([]byte(replies[0].Text))
	return us.Suggestions.Show(c, suggestion.Reply, hex.EncodeToString(sum[:6]))
}

// suggest keeps replies that were not suggested before for the form that the note's button opens.
func (us *UseCases) suggest(c *book.Conversation, f own.Fact, note *bridge.AnalysisLine) {
	if !us.newReplies(c, f) {
		return
	}
	var kept []suggested.Reply
	for _, r := range f.Answer.Replies {
		kept = append(kept, suggested.Reply{Text: r.Text, Sources: cited(f, r)})
	}
	us.Suggested.Keep(c, f.UpTo, kept)
	note.Suggested = f.UpTo
	for _, s := range kept[0].Sources {
		note.Sources = append(note.Sources, bridge.SourceRef{Title: s.Title, Link: s.Link})
	}
}

// cited gives what a reply draws on, in the words in which people are told.
func cited(f own.Fact, r analysis.Reply) (all []suggested.Source) {
	for _, id := range r.Sources {
		if i := slices.IndexFunc(f.Cited, func(s own.CitedSource) bool { return s.ID == id }); i >= 0 {
			all = append(all, suggested.Source{Title: f.Cited[i].Title, Link: f.Cited[i].Link})
		}
	}
	return all
}
