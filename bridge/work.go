package bridge

import (
	"time"

	"parley/store"
)

// work is one batch of events: what they touch, locked and in memory. Use cases
// change it; flush writes it set-wise. It belongs to one goroutine.
type work struct {
	e     *Engine
	dir   *directory
	now   time.Time // Parley's clock
	real  time.Time // the database's
	ids   *store.IDs
	fresh []int64 // conversation numbers, taken but not used

	convs      map[int64]*conv
	identities map[int64]*store.Identity
	byAddress  map[userKey]*store.Identity
	external   map[userKey]store.ExternalID
	posts      map[postKey]*store.Post
	messages   map[int64]*message
	deliveries map[int64]*delivery
	lanes      map[int64]*lane
	laneKeys   map[laneKey]*lane
	latest     map[int64]int64 // identity → its newest conversation
	days       map[laneKey]int64
	gates      map[laneKey]*store.Gate

	dirtyPosts      map[postKey]bool
	dirtyIdentities map[int64]bool
	newExternal     []store.ExternalID
	moved           []store.ExternalID
	shifts          []shift
	log             []store.LogEntry
	setTimers       map[timerKey]store.Timer
	cancelTimers    map[timerKey]store.Timer
	newTags         map[string]bool
	overdue         []store.Overdue
	event           store.Event // the one being applied
}

type postKey struct {
	account          int64
	channel, message string
}

type laneKey struct {
	account int64
	key     string
}

type timerKey struct {
	conversation int64
	kind         string
}

type shift struct{ lane, seq int64 }

// conv is a conversation in hand.
type conv struct {
	*store.Conversation
	fresh, dirty bool
	account      *store.Account
	identity     *store.Identity
	threads      map[int64]*thread
	last         []store.Message // newest first, when loaded
}

type thread struct {
	store.Thread
	dirty bool
}

type message struct {
	store.Message
	fresh, dirty bool
}

type delivery struct {
	store.Delivery
	fresh, dirty bool
}

type lane struct {
	store.Lane
	fresh, dirty bool
	gate         *store.Gate // of a new lane
	waiting      []*delivery // agents' messages in their hold, in order, when loaded
}

// status of the conversation.
func (c *conv) status() Status { return Status(c.Status) }

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
func (c *conv) home(dir *directory) *thread {
	surface, _ := dir.home(c.account, c.TeamID)
	if t := c.threads[surface]; t != nil {
		return t
	}
	for _, t := range c.threads {
		return t
	}
	return nil
}

// customer names the contact.
func (c *conv) customer() PartyRef {
	if c.identity == nil {
		return PartyRef{Name: "Customer"}
	}
	p := PartyRef{Name: c.identity.Name, Address: c.identity.Key}
	if p.Name == "" {
		p.Name = p.Address
	}
	return p
}
