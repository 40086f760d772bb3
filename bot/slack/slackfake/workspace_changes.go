package slackfake

import (
	"context"
	"time"

	"parley/channels/emulator"
)

// Change says that something in the workspace changed, such as a message or a channel. It carries only ids;
// read the rest from the server. Tests wait for changes instead of polling.
type Change struct {
	Seq int64     `json:"seq"`
	At  time.Time `json:"at"`
	// Kind is message, changed, deleted, reaction, ephemeral, view, home, channel, user, file, interaction, event, ack,
	// retry, lost, delivered, socket, call or reset.
	Kind    string `json:"kind"`
	Channel string `json:"channel,omitempty"`
	TS      string `json:"ts,omitempty"`
	Thread  string `json:"thread,omitempty"`
	User    string `json:"user,omitempty"`
	ID      string `json:"id,omitempty"` // view, file, event or method
}

// Note appends to the change log and wakes those who wait for a change. It sets At and Seq.
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
