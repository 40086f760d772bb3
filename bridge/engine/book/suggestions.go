package book

import (
	"context"
	"slices"
	"strings"

	"parley/bridge"
	"parley/store"
	"parley/store/suggestion"
)

// Suggestions records what notes of analyses suggest in this batch (tags, templates, a snooze …), and what becomes of earlier
// suggestions. A use case that does such a thing calls Settle. It needn't know whether the thing was suggested.
type Suggestions struct {
	shown   []suggestion.Suggestion
	settled []suggestion.Suggestion
	ended   map[store.ConversationID]bool // conversations that end in this batch
}

// Show records that a note suggests something. It returns false, and records nothing, if that was suggested before.
func (s *Suggestions) Show(c *Conversation, kind suggestion.Kind, value string) bool {
	name := value
	if kind != suggestion.Tag { // earlier versions listed tags alone, without their kind
		name = string(kind) + " " + value
	}
	if !c.Remember(bridge.TraitSuggested, name) {
		return false
	}
	s.Record(c, kind, value)
	return true
}

// Record records that a note suggests something, where the caller knows that it is new.
func (s *Suggestions) Record(c *Conversation, kind suggestion.Kind, value string) {
	s.shown = append(s.shown, suggestion.Suggestion{ConversationID: c.ID, Kind: kind, Value: value})
}

// Settle records what became of a suggestion. It does nothing if nothing was suggested in the conversation.
func (s *Suggestions) Settle(c *Conversation, kind suggestion.Kind, value string, fate suggestion.Fate) {
	if c.Traits[bridge.TraitSuggested] != "" {
		s.settled = append(s.settled, suggestion.Suggestion{ConversationID: c.ID, Kind: kind, Value: value, Fate: fate})
	}
}

// End records that a conversation is over: suggestions that nobody used count as ignored.
func (s *Suggestions) End(c *Conversation) {
	if c.Traits[bridge.TraitSuggested] != "" {
		s.ended[c.ID] = true
	}
}

func (s *Suggestions) flush(ctx context.Context, p *store.Pipeline) error {
	if err := suggestion.Show(ctx, p, s.shown); err != nil {
		return err
	}
	for _, one := range s.settled { // one after the other, because a later one may be about the same suggestion
		if err := suggestion.Settle(ctx, p, []suggestion.Suggestion{one}); err != nil {
			return err
		}
	}
	return suggestion.IgnoreRest(ctx, p, SortedKeys(s.ended))
}

// maxRemembered is how many names a trait remembers: as many as a conversation can have tags.
const maxRemembered = 20

// Remember adds a name to the maxRemembered latest ones that a trait lists, and reports whether the name is new.
func (c *Conversation) Remember(trait, name string) bool {
	if name = strings.Join(strings.Fields(name), " "); slices.Contains(c.NamesIn(trait), name) {
		return false
	}
	known := append(c.NamesIn(trait), name)
	return c.SetTrait(trait, strings.Join(known[max(0, len(known)-maxRemembered):], "\n"))
}

// NamesIn returns the names that a trait lists.
func (c *Conversation) NamesIn(trait string) []string {
	return strings.FieldsFunc(c.Traits[trait], func(r rune) bool { return r == '\n' })
}
