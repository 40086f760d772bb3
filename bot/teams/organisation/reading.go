package organisation

import (
	"context"
	"errors"
	"time"

	"parley/bot/teams/graph"
)

// readingNote is a channel that Graph has refused to show. A channel without a note was never refused.
type readingNote struct {
	Refused bool      `json:"refused,omitempty"` // Graph refused when it was asked last
	Since   time.Time `json:"since,omitzero"`    // when Graph showed the channel for the first time after it had refused
}

// WasReadable reports whether we could read a channel at a time, as far as we know. What people typed while we couldn't was
// typed for each other, unless it mentions us.
func (n *Notebook) WasReadable(channel string, at time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	r := n.readings[channel]
	return !r.Refused && !at.Before(r.Since)
}

// learnReading notes whether a channel may be read, from the error of an attempt. Other errors say nothing about that.
// Errors: the desk's. Then what was read must not be used.
func (n *Notebook) learnReading(ctx context.Context, channel string, err error) error {
	n.mu.Lock()
	r := n.readings[channel]
	n.mu.Unlock()

	switch {
	case errors.Is(err, graph.ErrNotGranted):
		r = readingNote{Refused: true}
	case err == nil && r.Refused:
		r = readingNote{Since: n.Now()}
	default:
		return nil
	}

	return n.Keep(ctx, noteReading+channel, r)
}
