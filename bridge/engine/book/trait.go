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
	return true
}

// TraitsShown is the part of a card's digest that stands for the traits; "" = there are none.
func (c *Conversation) TraitsShown() string {
	shown := maps.Clone(c.Traits)
	delete(shown, bridge.TraitIntent)
	delete(shown, bridge.TraitReferences)
	delete(shown, bridge.TraitSuggested)
	if len(shown) == 0 {
		return ""
	}
	return fmt.Sprintf(" %q", shown)
}
