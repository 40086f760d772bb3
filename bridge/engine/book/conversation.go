package book

import (
	"cmp"
	"fmt"
	"slices"

	"parley/bridge"
	"parley/bridge/engine/directory"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

// Conversation is a conversation that a batch has loaded.
type Conversation struct {
	*store.Conversation
	Fresh, dirty  bool
	Account       *store.Account
	Identity      *store.Identity
	Threads       map[store.AccountID]*Thread
	Last          []store.Message // newest first, when loaded
	CardMayDiffer bool            // its root may have to show something else
	Unshown       bool            // something that the customer said isn't posted yet
	Clicked       bool            // somebody clicked, and looks at the root now
	AddressedBy   bridge.AgentRef // the agent who changed the recipients of replies in this batch
	traitChanged  bool            // something was found out or set that figures may count
}

// Thread is a conversation's thread in one surface.
type Thread struct {
	store.Thread
	Dirty        bool
	CardChanged  bool // only Card changed, or nothing
	DoubtChanged bool // Doubt changed
}

// BridgeStatus of the conversation.
func (c *Conversation) BridgeStatus() bridge.Status { return bridge.Status(c.Status) }

// IsAssignee reports whether an agent holds the conversation.
func (c *Conversation) IsAssignee(agent store.AgentID) bool {
	for _, a := range c.Assignees {
		if a == agent {
			return true
		}
	}
	return false
}

// Touch marks a conversation as changed.
func (c *Conversation) Touch() { c.dirty = true }

// Home returns the thread in which the conversation is worked on.
func (c *Conversation) Home(dir *directory.Directory) *Thread {
	surface, _ := dir.Home(c.Account, c.TeamID)
	if t := c.Threads[surface]; t != nil {
		return t
	}
	for _, t := range c.Threads {
		return t
	}
	return nil
}

// Customer names the contact.
func (c *Conversation) Customer() bridge.PartyRef {
	if c.Identity == nil {
		return bridge.PartyRef{Name: "Customer"}
	}
	return ContactOf(c.Conversation, c.Identity)
}

// ContactOf names a conversation's customer, in a chat by the key that replies go to.
func ContactOf(c *store.Conversation, i *store.Identity) bridge.PartyRef {
	ref := outbound.RefOf(i)
	if c.Exclusive && len(c.Participants) == 1 {
		key := c.Participants[0].Key
		ref = bridge.PartyRef{Name: cmp.Or(i.Name, key), Address: key}
	}
	return ref
}

// takesAnswers reports whether what answers the conversation belongs to it, or to one that goes on from it. One whose customer
// is erased goes with the customer: what comes then is a stranger's.
func (c *Conversation) takesAnswers() bool {
	return c.Kind == store.KindCustomer && !c.Erased()
}

// Erased reports whether the customer was erased: what is left of the conversation names nobody any more.
func (c *Conversation) Erased() bool { return c.Identity != nil && c.Identity.Erased() }

// RefreshCard makes the end of the batch update the root, if what it shows has changed.
func (c *Conversation) RefreshCard() {
	c.Touch()
	c.CardMayDiffer = true
}

// HintAfterEnd says what can be done with a conversation that is over: what was closed stays closed.
func (c *Conversation) HintAfterEnd() string {
	if c.BridgeStatus() == bridge.StatusClosed {
		return "What the customer writes next starts a new one."
	}
	return "To go on, reopen it: !reopen"
}

// ReplyingDigest is the part of a card's digest that stands for the agents who are replying.
func (c *Conversation) ReplyingDigest() (shown string) {
	if !c.BridgeStatus().Open() {
		return ""
	}
	for _, r := range c.Replying {
		shown += fmt.Sprintf(" %d", r.AgentID)
	}
	return shown
}

// Places returns the threads of a conversation in hand.
func (c *Conversation) Places() outbound.Threads {
	places := outbound.Threads{}
	for _, t := range c.Threads {
		places[c.ID] = append(places[c.ID], &t.Thread)
	}
	return places
}

// SetReplyKey makes replies of a chat go to a key from now on. It returns false if they do already.
func (c *Conversation) SetReplyKey(p channels.Party) bool {
	for i := range c.Participants {
		if q := &c.Participants[i]; q.Role == outbound.RoleTo && q.Key != p.Key {
			q.Key = p.Key
			c.Touch()
			return true
		}
	}
	return false
}

// Participant names somebody in the conversation.
func (c *Conversation) Participant(key string) bridge.PartyRef {
	for _, p := range c.Participants {
		if p.Key == key && p.Name != "" {
			return bridge.PartyRef{Name: p.Name, Address: key}
		}
	}
	return bridge.PartyRef{Name: key, Address: key}
}

// IsHeldByOthers reports whether the conversation is somebody else's.
func (c *Conversation) IsHeldByOthers(agent store.AgentID) bool {
	return len(c.Assignees) > 0 && !c.IsAssignee(agent)
}

// SourcePlace returns the place of a typed message with its thread, where the message can be read again.
func (c *Conversation) SourcePlace(m *Message) bridge.Place {
	if m.Place == "" {
		return bridge.Place{}
	}
	at := bridge.Place{Channel: m.Channel, Thread: m.Thread, Message: m.Place}
	if t := c.Threads[m.AccountID]; t != nil && at.Thread == "" && t.Rerooted == 0 {
		at.Thread = t.Root // an earlier version took it; where the root changed, nobody knows under which it was typed
	}
	return at
}

// IsFor reports whether a mail goes to a conversation's customer, or to whom replies go instead.
func (c *Conversation) IsFor(in channels.Inbound) bool {
	to, _ := outbound.Addressed(c.Participants)
	return slices.ContainsFunc(slices.Concat(in.Envelope.To, in.Envelope.Cc), func(p channels.Party) bool {
		return c.Identity != nil && c.Identity.Key == p.Key || slices.ContainsFunc(to, func(q store.Participant) bool { return q.Key == p.Key })
	})
}
