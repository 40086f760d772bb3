package engine

import (
	"fmt"
	"maps"

	"parley/bridge"
)

// SetTrait sets a trait: a named property that a command or an analysis gave the conversation, such as its language.
// The value "" removes it. SetTrait reports whether that changed anything.
func (c *Conversation) SetTrait(name, value string) bool {
	if c.Traits[name] == value {
		return false
	}

	traits := maps.Clone(c.Traits) // others may still read the old map
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

// EndWait records that the customer no longer waits for an answer. An urgent conversation is then no longer urgent.
func (c *Conversation) EndWait() {
	c.WaitingSince, c.UnreadSince = nil, nil
	c.changeUrgency(map[string]string{bridge.UrgentNow: bridge.UrgentAnswered, bridge.UrgentTold: bridge.UrgentAnsweredTold})
}

// resumeUrgency undoes what EndWait did to the urgency, because the wait goes on.
func (c *Conversation) resumeUrgency() {
	c.changeUrgency(map[string]string{bridge.UrgentAnswered: bridge.UrgentNow, bridge.UrgentAnsweredTold: bridge.UrgentTold})
}

// ForgetUrgency records that what was urgent was answered, and that the customer's next message is another matter.
func (c *Conversation) ForgetUrgency() {
	c.changeUrgency(map[string]string{bridge.UrgentAnswered: "", bridge.UrgentAnsweredTold: bridge.UrgentOnce})
}

// changeUrgency replaces TraitUrgent by the value that change maps it to, if any.
func (c *Conversation) changeUrgency(change map[string]string) {
	if to, ok := change[c.Traits[bridge.TraitUrgent]]; ok {
		c.SetTrait(bridge.TraitUrgent, to)
	}
}

// TraitsDigest returns the part of a card's digest that covers the traits; a changed digest updates the card. Traits
// that cards don't show are left out. It is "" if no traits are shown.
func (c *Conversation) TraitsDigest() string {
	shown := maps.Clone(c.Traits)
	for _, name := range []string{
		bridge.TraitIntent, bridge.TraitLanguage, bridge.TraitReferences, bridge.TraitSuggested, bridge.TraitSummedUp,
		bridge.TraitUrgent, bridge.TraitNote, bridge.TraitUntagged, bridge.TraitLate, bridge.TraitLateAck, bridge.TraitForwarder,
	} {
		delete(shown, name)
	}
	if bridge.IsUrgent(c.Traits) { // a card shows the urgency, but not whether the owners were notified
		shown[bridge.TraitUrgent] = bridge.UrgentNow
	}
	if len(shown) == 0 {
		return ""
	}
	return fmt.Sprintf(" %q", shown)
}
