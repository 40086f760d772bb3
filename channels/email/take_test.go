package email

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/email/mailfake"
)

// While one batch is being stored, the next one is fetched. No watermark is saved before the batch's mails are stored.
func TestNextBatchIsFetchedMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	var want []string
	for n := range 2 * mailsOfABatch {
		want = append(want, fmt.Sprint("mail ", n))
	}
	w.deliver(want...)

	before := w.journal.snapshot().saves
	mayStore := make(chan struct{})
	accept := w.env.Accept
	w.env.Accept = func(ctx context.Context, facts ...channels.Fact) error {
		select {
		case <-mayStore:
		case <-ctx.Done():
		}
		return accept(ctx, facts...)
	}

	const fetches = 4 // for each of the two batches one of sizes and one of bodies
	last := w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionDelayAfter, Delay: time.Millisecond, Nth: fetches})
	w.start()
	w.waitFault(last, 1)
	wantEqual(t, "watermarks before anything was stored", w.journal.snapshot().saves, before)

	close(mayStore)
	w.waitStored(want...)
}

// allRoom is more memory than all large mails of the process may take together.
const allRoom = 1 << 40

// takeAllRoom reserves all memory for large mails, as if another mailbox were storing one.
func (w *world) takeAllRoom() (giveBack func()) {
	w.t.Helper()
	giveBack, err := w.process.ReserveLarge(testContext(w.t), allRoom)
	noError(w.t, err)
	return giveBack
}

// ofMailbox returns a world with another mailbox of the same servers and a journal of its own. It shares the process.
func (w *world) ofMailbox(address string) *world {
	other := *w
	other.storeIn(newJournal())
	other.config = maps.Clone(w.config)
	other.config["address"] = address
	delete(other.config, "aliases")
	return &other
}

// newWorldWithoutRoom makes a world with two mailboxes. A large mail comes to the first one, for which there is no
// memory.
func newWorldWithoutRoom(t *testing.T) (w *world, other string, giveBack func()) {
	t.Helper()
	other = "other@acme.test"
	w = newWorld(t, func(o *mailfake.Options) {
		o.Mailboxes = append(o.Mailboxes, mailfake.MailboxConfig{Address: other, Password: password})
	})
	w.opts.MaxJoin = 20_000
	giveBack = w.takeAllRoom()
	w.startAndWaitActive()
	w.appendMail("INBOX", "Message-ID: <b@x>\nSubject: big\n\n"+textOf(36_000), time.Time{})
	return w, other, giveBack
}

// A large mail waits until the other large mails of the process leave memory for it. Small mails don't wait.
func TestLargeMailWaitsForRoom(t *testing.T) {
	t.Parallel()
	w, address, giveBack := newWorldWithoutRoom(t)
	other := w.ofMailbox(address)
	other.startAndWaitActive()
	other.deliver("small")
	other.waitStored("small")
	wantEqual(t, "mails stored while there is no room", len(w.journal.snapshot().facts), 0)

	giveBack()
	w.waitStored("big")
}
