package book

import (
	"fmt"
	"maps"
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
	if len(c.Traits) == 0 {
		return ""
	}
	return fmt.Sprintf(" %q", c.Traits)
}
