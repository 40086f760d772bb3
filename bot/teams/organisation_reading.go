package teams

import (
	"context"
	"errors"
	"time"
)

// A team's owner may let Parley read a channel's messages with Graph (Microsoft's API for reading), and may revoke that
// right. Messages that people type while Parley can't read the channel are meant for colleagues. They must not go to a
// customer when they become readable later. So this file records when each channel was readable:
//
//	Monday     Graph shows the channel   {Shown}
//	Tuesday    Graph refuses             {Shown, Refused, Until: Tuesday}
//	Wednesday  Graph shows it again      {Shown, Since: Wednesday, Until: Tuesday}: not readable in between

// readingNote records when Graph let us read a channel. The zero value means that we haven't tried yet.
type readingNote struct {
	Shown   bool      `json:"shown,omitempty"`   // Graph has shown the channel at least once
	Refused bool      `json:"refused,omitempty"` // Graph refused the last time
	Since   time.Time `json:"since,omitzero"`    // begin of the current readable time; zero if there was no refusal before it

	// The readable time before the last refusal. Until is zero if there was none.
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
}

// isReadable reports whether Graph has shown the channel, and has not refused it since.
func (r readingNote) isReadable() bool { return r.Shown && !r.Refused }

// refuse returns the note after a refusal at now.
func (r readingNote) refuse(now time.Time) readingNote {
	if r.isReadable() {
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

// WasReadable reports whether we could read a channel at a time, as far as we know. Messages that people typed while we
// couldn't read it are meant for colleagues, unless they mention Parley.
func (n *Notebook) WasReadable(channel string, at time.Time) bool {
	r := n.reading(channel)
	isInCurrentTime := !r.Refused && !at.Before(r.Since)
	isInEarlierTime := !at.Before(r.From) && at.Before(r.Until)
	return isInCurrentTime || isInEarlierTime
}

func (n *Notebook) reading(channel string) readingNote {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.readings[channel]
}

// learnReading records whether a channel may be read. err is the result of reading it. Errors that say nothing about
// the right to read are ignored.
// Errors: those of storing the note. Then what was read must not be used.
func (n *Notebook) learnReading(ctx context.Context, channel string, err error) error {
	if errors.Is(err, ErrNotGranted) {
		return n.Keep(ctx, noteReading+channel, n.reading(channel).refuse(n.Now()))
	}
	if err != nil {
		return nil
	}

	note := n.reading(channel)
	if note.isReadable() {
		return nil // the usual case: nothing has changed
	}
	if err := n.reload(ctx); err != nil { // another replica may have stored a refusal, or its end
		return err
	}
	return n.Keep(ctx, noteReading+channel, n.reading(channel).show(n.Now()))
}
