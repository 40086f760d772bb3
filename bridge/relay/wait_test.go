package relay_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"parley/bridge/relay"
	"parley/store"
)

// These tests are about events that can't be applied yet: events for which Apply returns a relay.Wait that names what
// they wait for, and events of an account that isn't open (relay.ErrNotOpen).

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
