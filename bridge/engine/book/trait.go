package book

import (
	"fmt"
	"maps"

	"parley/bridge"
)

// SetTrait sets a trait of a conversation: something that a verb or an analysis set on it, by name. The value "" removes it.
// It reports whether that changed anything.
func (c *Conversation) SetTrait(name, value string) bool {
	if c.Traits[name] == value {
		return false
	}

	traits := maps.Clone(c.Traits) // whoever holds the former map may go on reading it
	if traits == nil {
		traits = map[string]string{}
	}

	traits[name] = value
	if value == "" {
		delete(traits, name)
	}

	c.Traits = traits
	c.traitChanged = true
	c.Touch()
	return true
}

// EndWait notes that nobody waits for an answer of ours any more. What was urgent isn't so from then on.
func (c *Conversation) EndWait() {
	c.WaitingSince = nil
	c.changeUrgency(map[string]string{bridge.UrgentNow: bridge.UrgentAnswered, bridge.UrgentTold: bridge.UrgentAnsweredTold})
}

// resumeUrgency takes back what EndWait did to the urgency: the wait goes on.
func (c *Conversation) resumeUrgency() {
	c.changeUrgency(map[string]string{bridge.UrgentAnswered: bridge.UrgentNow, bridge.UrgentAnsweredTold: bridge.UrgentTold})
}

// ForgetUrgency notes that what was urgent was answered, and that the customer's words since then are another matter.
func (c *Conversation) ForgetUrgency() {
	c.changeUrgency(map[string]string{bridge.UrgentAnswered: "", bridge.UrgentAnsweredTold: bridge.UrgentOnce})
}

// changeUrgency replaces a value of TraitUrgent by the one that change has for it; others stay.
func (c *Conversation) changeUrgency(change map[string]string) {
	if to, ok := change[c.Traits[bridge.TraitUrgent]]; ok {
		c.SetTrait(bridge.TraitUrgent, to)
	}
}

// TraitsDigest is the part of a card's digest that stands for the traits that cards show; "" if there are none. Traits that
// a card doesn't show are left out, so that a change of them doesn't update the card.
func (c *Conversation) TraitsDigest() string {
	shown := maps.Clone(c.Traits)
	for _, name := range []string{
		bridge.TraitIntent, bridge.TraitLanguage, bridge.TraitReferences, bridge.TraitSuggested, bridge.TraitSummedUp,
		bridge.TraitUrgent, bridge.TraitNote, bridge.TraitUntagged,
	} {
		delete(shown, name)
	}
	if bridge.IsUrgent(c.Traits) { // a card shows that it is urgent, and not whether the owners were told
		shown[bridge.TraitUrgent] = bridge.UrgentNow
	}
	if len(shown) == 0 {
		return ""
	}
	return fmt.Sprintf(" %q", shown)
}
