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

// deskFacts is the part of Desk, the fake engine of tests, that stores facts. A fact is one event that a surface received
// from its chat, such as a message or a click. It has a unique id, so that an event which arrives twice is stored once.
//
// The surface also receives events about posts that Parley itself made. It calls KnownFacts and IsOwnPost to recognize them.
type deskFacts struct {
	changed *emulator.Signal

	mu       sync.Mutex
	facts    []channels.Fact // in order of acceptance, without duplicates
	attempts int             // number of calls of Accept
	refuse   error           // error that Accept returns; nil means that it works
	posts    map[string]bool // Parley's own posts, by postID
}

// Accept stores the facts with new ids. If a test called Refuse, Accept returns that error.
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

// has reports whether a fact with this id is stored. d.mu must be held.
func (d *deskFacts) has(id string) bool {
	return slices.ContainsFunc(d.facts, func(f channels.Fact) bool { return f.ExternalID == id })
}

// KnownFacts returns the ids that belong to stored facts or to Parley's own posts.
func (d *deskFacts) KnownFacts(_ context.Context, ids []string) (map[string]bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	known := map[string]bool{}
	for _, id := range ids {
		if d.posts[id] || d.has(id) {
			known[id] = true
		}
	}
	return known, nil
}

// FactPayload returns the payload of a stored fact, or nil if it isn't stored.
func (d *deskFacts) FactPayload(_ context.Context, id string) ([]byte, error) {
	for _, f := range d.Accepted() {
		if f.ExternalID == id {
			return f.Payload, nil
		}
	}
	return nil, nil
}

// IsOwnPost reports whether a message is one of Parley's own posts.
func (d *deskFacts) IsOwnPost(_ context.Context, at bridge.Place) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.posts[postID(at.Channel, at.Message)], nil
}

// Own marks a message as one of Parley's own posts, as the engine does after a successful post.
func (d *deskFacts) Own(channel, message string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.posts[postID(channel, message)] = true
}

// postID returns the id of the fact for a message: "m:{channel}:{message}".
func postID(channel, message string) string { return "m:" + channel + ":" + message }

// Refuse makes Accept return err from now on; nil makes it work again.
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

// Accepted returns the stored facts in order of acceptance.
func (d *deskFacts) Accepted() []channels.Fact {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.facts)
}

// IDs returns the ids of the stored facts in order of acceptance. The reason follows the id of a quarantined fact, which is
// one that the surface could not read: "m:C1:7 (too large)".
func (d *deskFacts) IDs() []string {
	var ids []string
	for _, f := range d.Accepted() {
		if f.Quarantine != "" {
			f.ExternalID += " (" + f.Quarantine + ")"
		}
		ids = append(ids, f.ExternalID)
	}
	return ids
}

// Number returns the number of stored facts whose ids begin with prefix.
func (d *deskFacts) Number(prefix string) int {
	n := 0
	for _, f := range d.Accepted() {
		if strings.HasPrefix(f.ExternalID, prefix) {
			n++
		}
	}
	return n
}
