package engine_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/channelstest"
)

// statementsForCustomers lets so many customers write, one after the other. It returns how many statements were in the transaction that
// applied a message: the median of them.
func (w *world) statementsForCustomers(name string, customers int) int {
	w.t.Helper()
	for i := range customers {
		text := fmt.Sprintf("I am %s %d;", name, i)
		w.customerWrites(fmt.Sprint(name, i), text)
		w.waitShown(text)
	}
	w.eventually("the transactions were counted", func() bool { return w.opt.statements.countTransactions() == customers })
	return w.opt.statements.takeMiddle()
}

// Another system writes to many customers from the same number, and its receipts come to us, 240 a second: what a
// customer says costs at most one and a half times as many statements beside them, however slow the machine is. They
// are forgotten in the end, also those that tell of failures, if they may be somebody else's.
func TestForeignReceipts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{statements: &statements{}})
	w.statementsForCustomers("max", 1) // a process asks for more when it begins
	normal := w.statementsForCustomers("amy", 5)
	const perSecond, seconds = 240, 4
	done := make(chan error, 1)
	go func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		n := 0
		for n < perSecond*seconds {
			<-tick.C
			var facts []channels.Fact
			for range perSecond / 20 {
				n++
				e := channelstest.Event{Type: "status", ID: fmt.Sprint("f", n), From: fmt.Sprint("other", n), State: "delivered", External: []string{fmt.Sprint("foreign-", n)}}
				if n%100 == 0 {
					e.State, e.Others = "failed", true
				}
				body, err := json.Marshal(e)
				if err != nil {
					done <- err
					return
				}
				facts = append(facts, channels.Fact{ExternalID: fmt.Sprint("s:", n), OrderKey: e.From, Payload: body})
			}
			if err := w.engines[0].Accept(w.t.Context(), w.accounts[chat], facts...); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	most := 0
	for i := 0; ; i++ {
		select {
		case err := <-done:
			check(t, err)
			if 2*most > 3*normal {
				t.Errorf("a customer's message took %d statements beside foreign receipts, %d without", most, normal)
			}
			t.Log("statements of a customer's message, normally and at most beside foreign receipts:", normal, most)
			// Each was looked at twice: when it came, and when nobody waits for it any more.
			w.exec(`UPDATE events SET received_at = received_at - interval '10 s'`)
			w.eventually("all receipts are forgotten", func() bool {
				w.makeQueuesDue()
				return w.count(`SELECT count(*) FROM queued`) == 0
			})
			if n := w.count(`SELECT count(*) FROM quarantine`); n != 0 {
				t.Errorf("%d events in quarantine, want none", n)
			}
			if n := w.count(`SELECT count(*) FROM conversations WHERE kind <> 'customer'`); n != 0 {
				t.Errorf("failures of %d accounts are shown, want none", n)
			}
			return
		default:
		}
		most = max(most, w.statementsForCustomers(fmt.Sprintf("zoe%d-", i), 1))
	}
}
