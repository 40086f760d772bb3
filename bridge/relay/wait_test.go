package relay_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/bridge/relay"
	"parley/store"
)

// These tests are about events that can't be applied yet: events for which Apply returns a relay.Wait that names what
// they wait for, and events of an account that isn't open (relay.ErrNotOpen).

// fewBatches is how many events of others may be looked at while an event waits: those of the two batches that run,
// those of two more before its own batch begins, and some more because a session may be slow to begin. On a machine
// with a load of thirty, one of forty events was seen to wait for one batch more than that.
const fewBatches = 6 * 256

// waitOfAccount returns a waitOf that gives this Wait to all events of mailAccount.
func waitOfAccount(wait func(store.Event) relay.Wait) func(store.Event) *relay.Wait {
	return func(e store.Event) *relay.Wait {
		if e.AccountID != mailAccount {
			return nil
		}
		w := wait(e)
		return &w
	}
}

// Events that must wait cost other accounts nothing, however many they are. That holds for events that are looked at
// again and again, and for events of an account that isn't open.
func TestManyWait(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		makeThemWait func(h *harness)
	}{
		{
			name: "for something",
			makeThemWait: func(h *harness) {
				h.waitOf = waitOfAccount(func(e store.Event) relay.Wait {
					return relay.Wait{For: "id:7:" + e.ExternalID, Most: time.Hour}
				})
			},
		},
		{
			name: "for time",
			makeThemWait: func(h *harness) {
				h.waitOf = waitOfAccount(func(store.Event) relay.Wait { return relay.Wait{Most: time.Hour} })
			},
		},
		{name: "for their account", makeThemWait: func(h *harness) { h.decode = refuseClosed }},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			const waiting = 20_000
			h := newHarness(t)
			tt.makeThemWait(h)
			h.start()

			h.journalWithoutWaking(mailAccount, numberedFacts(waiting, "customer", "wait")...)
			h.WakeAppliers(mailAccount)
			stop := h.startTraffic(8)
			h.wantFewLooksMeanwhile()

			h.waitValue("queues that were not looked at", 0,
				`SELECT count(*) FROM queues WHERE waits = 0 AND account_id = $1`, mailAccount)
			h.waitValue("others were served all the time", true, `SELECT count(*) >= 100 FROM effects WHERE `+isTraffic)
			stop()
			h.wantValue("counted tries", 0, mostTries)
		})
	}
}

// wantFewLooksMeanwhile brings forty events of an account. It checks that few events of others were looked at while
// each of the forty waited.
func (h *harness) wantFewLooksMeanwhile() {
	h.t.Helper()
	const account, events = 9, 40
	looks := h.countLooksMeanwhile(account, events)
	middle, secondMost, most := looks[events/2], looks[events-2], looks[events-1]
	h.t.Log("looked at meanwhile: middle", middle, "second most", secondMost, "most", most)

	if middle > fewBatches/3 {
		h.t.Errorf("while the middle one of %d events waited, %d of others were looked at, want at most %d", events, middle, fewBatches/3)
	}
	if secondMost > fewBatches {
		h.t.Errorf("while all but one of the events waited, up to %d of others were looked at, want at most %d", secondMost, fewBatches)
	}
	if most > 2*fewBatches {
		h.t.Errorf("while some event waited, %d of others were looked at, want at most %d", most, 2*fewBatches)
	}
}

// countLooksMeanwhile brings events of an account, one after the other. For each of them it counts how many events of
// others were looked at while it waited, and returns the counts in ascending order.
func (h *harness) countLooksMeanwhile(account store.AccountID, events int) (counts []int) {
	h.t.Helper()
	h.mu.Lock()
	decode := h.decode
	looks := 0                      // at events of other accounts
	looksBefore := map[string]int{} // how many of them came before each event was looked at
	h.decode = func(e store.Event) (any, error) {
		h.mu.Lock()
		looksBefore[e.ExternalID] = looks
		if e.AccountID != account {
			looks++
		}
		h.mu.Unlock()
		if decode == nil {
			return nil, nil
		}
		return decode(e)
	}
	h.mu.Unlock()

	for n := range events {
		name := fmt.Sprint("counted ", n)
		check(h.t, h.Accept(h.t.Context(), account, fact(fmt.Sprint("counted", n%7), name)))
		accepted := locked(h, func() int { return looks })
		h.waitValue(name+" is applied", true, `SELECT EXISTS (SELECT FROM effects WHERE name = $1)`, name)
		counts = append(counts, locked(h, func() int { return looksBefore[name] - accepted }))
	}
	slices.Sort(counts)
	return counts
}

// resultsOf makes relays in which an event named "receipt of X" waits until an event named "result of X" has been
// applied. The returned map has each X that was recorded.
func resultsOf(relays ...*harness) (recorded *sync.Map) {
	recorded = &sync.Map{}
	for _, h := range relays {
		h.waitOf = func(e store.Event) *relay.Wait {
			name, isReceipt := strings.CutPrefix(e.ExternalID, "receipt of ")
			if !isReceipt {
				return nil
			}
			if _, isRecorded := recorded.Load(name); isRecorded {
				return nil
			}
			return &relay.Wait{For: name, Most: time.Hour}
		}
		h.namesWritten = func(e store.Event) []string {
			name, isResult := strings.CutPrefix(e.ExternalID, "result of ")
			if !isResult {
				return nil
			}
			recorded.Store(name, true)
			return []string{name}
		}
	}
	return recorded
}

// An event that waits for a name is looked at again as soon as this process or another one records that name.
func TestEventComesBackWhenItsNameIsRecorded(t *testing.T) {
	t.Parallel()
	a := newHarness(t)
	b := newHarnessOn(t, a.pool)
	resultsOf(a, b)
	a.start()
	b.start()
	a.accept(fact("k1", "receipt of one"), fact("k2", "receipt of two"))
	a.waitValue("queues that wait for a name", 2, queuesThatWaitForNames)
	check(t, a.Accept(t.Context(), store.SystemAccount, fact("c1", "result of one")))
	check(t, b.Accept(t.Context(), store.SystemAccount, fact("c2", "result of two")))
	a.waitNumberApplied(4)
}

// The name that an event waits for may be recorded by another transaction just while the event is being put off.
// Recheck finds it, and the event is looked at again at once.
func TestNameRecordedWhileItsEventIsPutOff(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	recorded := resultsOf(h)
	wait := h.waitOf
	h.waitOf = func(e store.Event) *relay.Wait {
		w := wait(e)
		if w != nil { // recorded now, just after the event was looked at
			recorded.Store(w.For, true)
		}
		return w
	}
	h.recheck = func() []string { return []string{"late"} }
	h.start()
	h.accept(fact("k", "receipt of late"))
	h.waitNumberApplied(1)
}
