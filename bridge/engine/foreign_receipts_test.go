package engine_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/channelstest"
)

// shownAfter gives the longest time that passes until what each of so many customers writes is
// shown.
func (w *world) shownAfter(name string, customers int) time.Duration {
	w.t.Helper()
	var worst time.Duration
	for i := range customers {
		began := time.Now()
		text := fmt.Sprintf("I am %s %d;", name, i)
		w.writes(fmt.Sprint(name, i), text)
		w.shown(text)
		worst = max(worst, time.Since(began))
	}
	return worst
}

// Another system writes to many customers from the same number, and its receipts come to us: they
// delay nobody, and are forgotten in the end.
func TestForeignReceipts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	normal := w.shownAfter("amy", 5)
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
	var worst time.Duration
	for i := 0; ; i++ {
		select {
		case err := <-done:
			check(t, err)
			if limit := max(time.Second, 10*normal); worst > limit {
				t.Errorf("a customer's message was shown after %v, normally after %v", worst, normal)
			}
			// Each was looked at twice: when it came, and when nobody waits for it any more.
			w.exec(`UPDATE events SET received_at = received_at - interval '10 s'`)
			w.eventually("all receipts are forgotten", func() bool {
				w.dueNow()
				return w.count(`SELECT count(*) FROM queued`) == 0
			})
			if n := w.count(`SELECT count(*) FROM quarantine`); n != 0 {
				t.Errorf("%d events in quarantine", n)
			}
			return
		default:
		}
		worst = max(worst, w.shownAfter(fmt.Sprintf("zoe%d-", i), 1))
	}
}
