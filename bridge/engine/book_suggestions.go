package engine

import (
	"context"
	"slices"
	"strings"

	"parley/bridge"
	"parley/store"
)

// Suggestions records what Parley's analysis suggests to agents in this batch (a tag, a template, a snooze …), and what
// became of earlier suggestions, for the statistics. For example, the note of an analysis suggests the tag "invoice": Show
// records it. When an agent adds that tag, the use case calls Settle, which it may do whether or not the tag was suggested.
type Suggestions struct {
	shown   []store.Suggestion            // new suggestions
	settled []store.Suggestion            // suggestions with their fate
	ended   map[store.ConversationID]bool // conversations that end in this batch
}

// Show records a suggestion. It returns false, and records nothing, if the same was suggested in the conversation before.
func (s *Suggestions) Show(c *Conversation, kind store.SuggestionKind, value string) bool {
	name := value
	if kind != store.SuggestsTag { // tags are stored without their kind, as by earlier versions
		name = string(kind) + " " + value
	}
	if !c.Remember(bridge.TraitSuggested, name) {
		return false
	}
	s.Record(c, kind, value)
	return true
}

// Record records a suggestion that the caller knows to be new.
func (s *Suggestions) Record(c *Conversation, kind store.SuggestionKind, value string) {
	s.shown = append(s.shown, store.Suggestion{ConversationID: c.ID, Kind: kind, Value: value})
}

// Settle records what became of a suggestion. It does nothing in a conversation without suggestions.
func (s *Suggestions) Settle(c *Conversation, kind store.SuggestionKind, value string, fate store.SuggestionFate) {
	if c.Traits[bridge.TraitSuggested] != "" {
		s.settled = append(s.settled, store.Suggestion{ConversationID: c.ID, Kind: kind, Value: value, Fate: fate})
	}
}

// End records that a conversation is over: unused suggestions count as ignored.
func (s *Suggestions) End(c *Conversation) {
	if c.Traits[bridge.TraitSuggested] != "" {
		s.ended[c.ID] = true
	}
}

func (s *Suggestions) flush(ctx context.Context, p *store.Pipeline) error {
	if err := store.ShowSuggestions(ctx, p, s.shown); err != nil {
		return err
	}
	for _, one := range s.settled { // in order, because several may be about the same suggestion
		if err := store.SettleSuggestions(ctx, p, []store.Suggestion{one}); err != nil {
			return err
		}
	}
	return store.IgnoreOpenSuggestions(ctx, p, SortedKeys(s.ended))
}

// maxRemembered is how many names a trait remembers: as many as a conversation can have tags.
const maxRemembered = 20

// Remember adds a name to a trait that lists the latest maxRemembered names, and reports whether the name is new. A
// trait is a named property of a conversation.
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
