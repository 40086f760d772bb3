package email

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/email/mailfake"
)

// While a batch is being stored the next one is fetched, and no mail of either is
// passed over before its batch is stored.
func TestNextBatchIsFetchedMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	var want []string
	for i := range 2 * mailsOfABatch {
		want = append(want, fmt.Sprint("mail ", i))
		w.deliver(want[i])
	}
	before := w.journal.read().saves
	goOn := make(chan struct{})
	accept := w.env.Accept
	w.env.Accept = func(ctx context.Context, facts ...channels.Fact) error {
		<-goOn
		return accept(ctx, facts...)
	}
	// Two batches: sizes and bodies of each.
	last := w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionDelayAfter, Delay: time.Millisecond, Nth: 4})
	w.run()
	w.waitFault(last, 1)
	wantEqual(t, "watermarks before anything was stored", w.journal.read().saves, before)
	close(goOn)
	w.wantStored(want...)
}

// A large mail waits until the large mails of all mailboxes leave room for it; small
// ones do not wait for it.
func TestLargeMailWaitsForRoom(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *mailfake.Options) {
		o.Mailboxes = append(o.Mailboxes, mailfake.MailboxConfig{Address: "other@acme.test", Password: "secret"})
	})
	w.opts.MaxJoin = 20_000
	const allRoom = 1 << 40
	full, err := w.process.Reserve(t.Context(), allRoom, true) // another mailbox stores one
	if err != nil {
		t.Fatal(err)
	}
	w.watch()
	w.appendMail("INBOX", "Message-ID: <b@x>\nSubject: big\n\n"+strings.Repeat("A line of text that fills the mail.\n", 1000), time.Time{})

	other := *w
	other.journal = &journal{signal: newSignal()}
	other.env.Accept, other.env.State, other.env.Report = other.journal.accept, other.journal, other.journal.report
	other.config = channels.Config{}
	for k, v := range w.config {
		other.config[k] = v
	}
	other.config["address"] = "other@acme.test"
	delete(other.config, "aliases")
	other.run()
	other.ready()
	_, err = w.Customer("Ann Lee <ann@customer.test>").Send(mailfake.Mail{To: []string{"other@acme.test"}, Subject: "small", Text: "Hello"})
	if err != nil {
		t.Fatal(err)
	}
	other.wantStored("small")
	wantEqual(t, "mails stored while there is no room", len(w.journal.read().facts), 0)
	full()
	w.wantStored("big")
	if _, err := w.process.Reserve(testContext(t), allRoom, true); err != nil { // given back behind Accept
		t.Errorf("the room was not given back: %v", err)
	}
}
