package teamsfake

import (
	"context"
	"time"

	"parley/channels/emulator"
)

// Change tells that something changed. Read the rest with the accessors.
type Change struct {
	Seq int64     `json:"seq"`
	At  time.Time `json:"at"`
	// Kind is message, changed, deleted, reaction, view, dialog, channel, team, user, file, activity, ack, retry, lost,
	// invoke, answer, problem, call or reset.
	Kind    string `json:"kind"`
	Channel string `json:"channel,omitempty"`
	Message string `json:"message,omitempty"`
	Root    string `json:"root,omitempty"`
	User    string `json:"user,omitempty"`
	ID      string `json:"id,omitempty"` // activity, file, dialog or method
}

// Note appends to the change log and wakes who waits.
func (g *Ground) Note(c Change) {
	c.At = g.Now()
	g.Log.Add(func(seq int64) Change {
		c.Seq = seq
		return c
	})
}

// Subscription reads changes in order, at its own pace.
type Subscription = emulator.Subscription[Change]

// Subscribe returns a reader of the changes from now on. It needs no closing.
func (g *Ground) Subscribe() *Subscription { return g.Log.Subscribe() }

// WaitFor evaluates cond now and after each change until it holds. cond is called without
// locks held and may use every accessor.
// Errors: ctx's, or context.Canceled once the server is closed.
func (g *Ground) WaitFor(ctx context.Context, cond func() bool) error {
	return g.Log.WaitFor(ctx, cond)
}
