package book

import (
	"fmt"
	"maps"

	"parley/bridge"
)

// SetTrait keeps what a verb set on a conversation, under a name; "" takes it away. It tells whether
// that changed anything.
func (c *Conversation) SetTrait(name, value string) bool {
	if c.Traits[name] == value {
		return false
	}
	traits := maps.Clone(c.Traits) // others may read the former ones
	if traits == nil {
		traits = map[string]string{}
	}
	if traits[name] = value; value == "" {
		delete(traits, name)
	}
	c.Traits = traits
	c.traitChanged = true
	c.Touch()
	return true
}

// TraitsDigest is the part of a card's digest that stands for the traits that cards show; "" means there are none.
func (c *Conversation) TraitsDigest() string {
	shown := maps.Clone(c.Traits)
	for _, name := range []string{bridge.TraitIntent, bridge.TraitLanguage, bridge.TraitReferences, bridge.TraitSuggested, bridge.TraitSummedUp,
		bridge.TraitUrgent, bridge.TraitNote, bridge.TraitUntagged} {
		delete(shown, name)
	}
	if bridge.IsUrgent(c.Traits) { // a card doesn't tell for which time
		shown[bridge.TraitUrgent] = bridge.UrgentNow
	}
	if len(shown) == 0 {
		return ""
	}
	return fmt.Sprintf(" %q", shown)
}
