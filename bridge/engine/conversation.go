package engine

import (
	"cmp"
	"fmt"

	"parley/bridge"
	"parley/bridge/engine/directory"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// conv is a conversation that a batch has loaded.
type conv struct {
	*store.Conversation
	fresh, dirty bool
	account      *store.Account
	identity     *store.Identity
	threads      map[int64]*thread
	last         []store.Message // newest first, when loaded
	showsNew     bool            // its root may have to show something else
	unshown      bool            // something that the customer said isn't posted yet
	clicked      bool            // somebody clicked, and looks at the root now
	addressedBy  bridge.AgentRef // the agent who changed the recipients of replies in this batch
}

type thread struct {
	store.Thread
	dirty   bool
	newCard bool // only Card changed
}

// status of the conversation.
func (c *conv) status() bridge.Status { return bridge.Status(c.Status) }

func (c *conv) isAssignee(agent int64) bool {
	for _, a := range c.Assignees {
		if a == agent {
			return true
		}
	}
	return false
}

// touch marks a conversation as changed.
func (c *conv) touch() { c.dirty = true }

// home gives the thread in which the conversation is worked on.
func (c *conv) home(dir *directory.Directory) *thread {
	surface, _ := dir.Home(c.account, c.TeamID)
	if t := c.threads[surface]; t != nil {
		return t
	}
	for _, t := range c.threads {
		return t
	}
	return nil
}

// customer names the contact.
func (c *conv) customer() bridge.PartyRef {
	if c.identity == nil {
		return bridge.PartyRef{Name: "Customer"}
	}
	return contactOf(c.Conversation, c.identity)
}

// contactOf names a conversation's customer, in a chat by the key that replies go to.
func contactOf(c *store.Conversation, i *store.Identity) bridge.PartyRef {
	ref := outbound.RefOf(i)
	if c.Exclusive && len(c.Participants) == 1 {
		key := c.Participants[0].Key
		ref = bridge.PartyRef{Name: cmp.Or(i.Name, key), Address: key}
	}
	return ref
}

// refreshCard makes the end of the batch update the root, if what it shows has changed.
func (c *conv) refreshCard() {
	c.touch()
	c.showsNew = true
}

// afterTheEnd says what can be done with a conversation that is over: what was closed stays closed.
func (c *conv) afterTheEnd() string {
	if c.status() == bridge.StatusClosed {
		return "What the customer writes next starts a new one."
	}
	return "To go on, reopen it: !reopen"
}

// replyingShown is the part of a card's digest that stands for the agents who are replying.
func (c *conv) replyingShown() (shown string) {
	if !c.status().Open() {
		return ""
	}
	for _, r := range c.Replying {
		shown += fmt.Sprintf(" %d", r.AgentID)
	}
	return shown
}
