package bridgetest

import (
	"context"
	"slices"
	"strings"
	"sync"

	"parley/bridge"
	"parley/channels"
	"parley/channels/emulator"
)

// deskFacts is the Desk's part for what the surface tells. A fact is one thing that the chat told the surface, such as
// a message or a click. Its id is unique, so it counts once.
//
// A chat also tells of the posts that Parley made itself. A surface asks KnownFacts and IsOwnPost to know them.
type deskFacts struct {
	changed *emulator.Signal

	mu       sync.Mutex
	facts    []channels.Fact // each id once, in the order of acceptance
	attempts int             // calls of Accept
	refuse   error           // what Accept returns; nil means that it works
	posts    map[string]bool // our own posts, as postID names them
}

// Accept keeps the facts whose ids are new. It returns the error of Refuse if there is one.
func (d *deskFacts) Accept(_ context.Context, facts ...channels.Fact) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.changed.Poke()
	d.attempts++
	if d.refuse != nil {
		return d.refuse
	}

	for _, f := range facts {
		if !d.has(f.ExternalID) {
			d.facts = append(d.facts, f)
		}
	}
	return nil
}

// has reports whether a fact with this id is kept. The lock is held.
func (d *deskFacts) has(id string) bool {
	return slices.ContainsFunc(d.facts, func(f channels.Fact) bool { return f.ExternalID == id })
}

// KnownFacts returns which of the ids are those of facts that are kept, or of posts of our own.
func (d *deskFacts) KnownFacts(_ context.Context, ids []string) (map[string]bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	seen := map[string]bool{}
	for _, id := range ids {
		if d.posts[id] || d.has(id) {
			seen[id] = true
		}
	}
	return seen, nil
}

// IsOwnPost reports whether a message is a post of ours.
func (d *deskFacts) IsOwnPost(_ context.Context, at bridge.Place) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.posts[postID(at.Channel, at.Message)], nil
}

// Own remembers that a message is one of Parley's own posts, as the engine does when a post has succeeded.
func (d *deskFacts) Own(channel, message string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.posts[postID(channel, message)] = true
}

// postID is the id under which a surface asks for a message of the chat: "m:{channel}:{message}".
func postID(channel, message string) string { return "m:" + channel + ":" + message }

// Refuse makes Accept fail with an error from now on; nil lets it work again.
func (d *deskFacts) Refuse(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refuse = err
}

// Attempts returns how often Accept was called.
func (d *deskFacts) Attempts() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.attempts
}

// Accepted returns the facts that were accepted, in that order.
func (d *deskFacts) Accepted() []channels.Fact {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.facts)
}

// IDs returns the facts' ids, in order of acceptance, with the reason of those that are set aside.
func (d *deskFacts) IDs() (ids []string) {
	for _, f := range d.Accepted() {
		if f.Quarantine != "" {
			f.ExternalID += " (" + f.Quarantine + ")"
		}
		ids = append(ids, f.ExternalID)
	}
	return ids
}

// Number returns how many facts have ids that begin with a prefix.
func (d *deskFacts) Number(prefix string) (n int) {
	for _, f := range d.Accepted() {
		if strings.HasPrefix(f.ExternalID, prefix) {
			n++
		}
	}
	return n
}
