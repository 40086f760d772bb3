package torture

import (
	"context"
	"sync"
	"time"

	"parley/cmd/parley/torture/world"
)

// wish is a moment that a blow waits for, and that people bring about by what they write.
type wish string

// Wishes.
const (
	wishMail    wish = "a customer writes"
	wishMails   wish = "a customer writes several times at once"
	wishReply   wish = "an agent replies by mail"
	wishReplies wish = "an agent replies by mail several times at once"
	wishBack    wish = "an agent replies to a mailbox that is gone"
)

// wishFor reports what lets a blow meet its moment.
func (h harm) wishFor() wish {
	if h.Way == waySMTP {
		switch h.Name {
		case harmLaneKill:
			return wishReplies
		case harmEarly:
			return wishBack
		}
		return wishReply
	}

	if h.Name == harmLaneKill {
		return wishMails
	}
	if h.Name == harmClaimStop && h.Way == wayBase {
		return wishReply
	}

	return wishMail
}

// Pauses between two acts for the sake of a wish. Where the chat keeps to its limits, what is said only for a
// wish would otherwise stand in the way of what the wish waits for.
const (
	grantInterval        = 2 * time.Second
	limitedGrantInterval = 6 * time.Second
)

// wishes are those that wait, used by several goroutines.
type wishes struct {
	interval time.Duration // the pause between two wishes that are granted

	mu      sync.Mutex
	list    []wish
	granted time.Time
}

// add adds a wish; take removes it again.
func (w *wishes) add(what wish) (take func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, what)
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		for i, other := range w.list {
			if other == what {
				w.list = append(w.list[:i:i], w.list[i+1:]...)
				return
			}
		}
	}
}

func (w *wishes) isAnyOpen() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.list) > 0
}

// next returns the wish that is granted now, each in its turn; "" means none yet.
func (w *wishes) next() wish {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.list) == 0 || time.Since(w.granted) < w.interval {
		return ""
	}
	w.granted = time.Now()
	first := w.list[0]
	w.list = append(w.list[1:], first)
	return first
}

// grantWish does what somebody waits for, beyond what was to be said anyway.
func (d *driver) grantWish(ctx context.Context) (done bool, err error) {
	const several = 3
	switch what := d.wishes.next(); what {
	case wishMail:
		return true, d.writeFor(ctx, 1)
	case wishMails:
		return true, d.writeFor(ctx, several)
	case wishReply, wishBack:
		return d.replyFor(ctx, 1, what == wishBack)
	case wishReplies:
		return d.replyFor(ctx, several, false)
	}
	return false, nil
}

// writeFor lets a customer write n times on end.
func (d *driver) writeFor(ctx context.Context, n int) error {
	t := d.talks[d.rng.IntN(len(d.talks))]
	d.mails += n
	return d.repeat(n, func(last bool) error { return d.writeAsCustomer(ctx, t, last) })
}

// replyFor lets an agent reply n times on end to a customer who writes mails. If that conversation
// was resolved, the customer writes first and the agent replies at another time: Parley may have learned
// of a word that resolves only after all that the customer wrote since. done is false if there is no such
// customer: nobody has written yet, or earlier replies have not left yet.
func (d *driver) replyFor(ctx context.Context, n int, bounces bool) (done bool, err error) {
	t := d.pickMailer(bounces)
	if t == nil {
		return false, nil
	}
	if err := d.findThreads(ctx); err != nil {
		return false, err
	}
	if t.untilReopened > 0 || t.resolved {
		d.mails++
		return true, d.writeAsCustomer(ctx, t, true)
	}

	t.quietUntil = time.Now().Add(d.hold + leaveWithin)
	d.replies += n
	return true, d.repeat(n, func(last bool) error { return d.typeReply(ctx, t, last) })
}

// leaveWithin is how long after the end of its hold a reply usually needs to leave.
const leaveWithin = 2 * time.Second

// pickMailer picks a customer who writes mails, has a thread, and to whom no reply is about to leave.
// With bounces it is one whose mailbox is gone. nil means there is none.
func (d *driver) pickMailer(bounces bool) *talk {
	var list []*talk
	for _, t := range d.talks {
		isWanted := t.kind == world.ByMail && t.bounces == bounces
		canReply := t.root != "" && time.Now().After(t.quietUntil)
		if isWanted && canReply {
			list = append(list, t)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list[d.rng.IntN(len(list))]
}
