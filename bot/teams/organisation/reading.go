package organisation

import (
	"context"
	"errors"
	"time"

	"parley/bot/teams/graph"
)

// A team's owner may let Parley read a channel, and take that right away again. What people type while Parley can't
// read is meant for colleagues, and must not go to a customer when it becomes readable later. So this file notes when
// each channel was readable.

// readingNote says when Graph let us read a channel. Without a note, nobody has tried yet.
type readingNote struct {
	Shown   bool      `json:"shown,omitempty"`   // Graph has shown it once
	Refused bool      `json:"refused,omitempty"` // Graph refused when it was asked last
	Since   time.Time `json:"since,omitzero"`    // since when it is shown; zero if no refusal came before

	// The time before the last refusal in which it was shown. Until is zero if it wasn't.
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
}

// wasReadable reports whether the channel was readable at a time.
func (r readingNote) wasReadable(at time.Time) bool {
	isShownSince := !r.Refused && !at.Before(r.Since)
	wasShownThen := !at.Before(r.From) && at.Before(r.Until)
	return isShownSince || wasShownThen
}

// refuse returns the note after a refusal at now.
func (r readingNote) refuse(now time.Time) readingNote {
	if r.Shown && !r.Refused {
		r.From, r.Until = r.Since, now
	}
	r.Refused = true
	return r
}

// show returns the note after Graph has shown the channel at now.
func (r readingNote) show(now time.Time) readingNote {
	if r.Refused {
		r.Since = now
	}
	r.Shown, r.Refused = true, false
	return r
}

// WasReadable reports whether we could read a channel at a time, as far as we know. What people typed while we
// couldn't was typed for each other, unless it mentions Parley.
func (n *Notebook) WasReadable(channel string, at time.Time) bool {
	return n.reading(channel).wasReadable(at)
}

func (n *Notebook) reading(channel string) readingNote {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.readings[channel]
}

// learnReading notes whether a channel may be read. err is the result of reading it: nil if that succeeded. Errors
// that don't tell are ignored.
// Errors: the desk's. Then what was read must not be used.
func (n *Notebook) learnReading(ctx context.Context, channel string, err error) error {
	isRefused := errors.Is(err, graph.ErrNotGranted)
	if err != nil && !isRefused {
		return nil
	}

	known := n.reading(channel)
	if !isRefused && known.Shown && !known.Refused {
		return nil // as nearly always
	}
	if !isRefused { // another replica may have noted a refusal, or that it ended
		if err := n.reload(ctx); err != nil {
			return err
		}
		known = n.reading(channel)
	}

	next := known.show(n.Now())
	if isRefused {
		next = known.refuse(n.Now())
	}
	return n.Keep(ctx, noteReading+channel, next)
}
