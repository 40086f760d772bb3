package relay

import (
	"slices"
	"sync"
	"time"

	"parley/store"
	"parley/store/dispatch"
)

// signals wake those who wait for work.
type signals struct {
	suspects chan struct{} // events that failed before may be tried again
	opened   *openAccounts // events may wait for one of these
	lanes    chan struct{} // some delivery may be due, behind any gate
	woken    *wakeups      // lanes became due behind these gates
	timers   chan struct{} // a timer may be due
}

// sendSignal wakes whoever reads c. c holds one signal: a second one before that is read says nothing new.
func sendSignal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// wakeups collects the gates behind which lanes became due until the dispatcher takes them.
type wakeups struct {
	mu    sync.Mutex
	gates map[store.GateID]wakeup
	added chan struct{}
}

// wakeup is one gate behind which lanes became due.
type wakeup struct {
	account    store.AccountID
	priorities uint8     // of which priorities: a bit each
	at         time.Time // when the first lane is to be claimed
	oldest     time.Time // when the first lane became due, Parley's clock
}

func (w *wakeups) add(due []dispatch.GateDue) {
	now := time.Now()
	w.mu.Lock()
	for _, g := range due {
		one := wakeup{account: g.AccountID, priorities: g.Waiting, at: now.Add(store.Seconds(g.Wait)), oldest: g.Oldest}
		if before, ok := w.gates[g.GateID]; ok {
			one.priorities |= before.priorities
			one.at = slices.MinFunc([]time.Time{before.at, one.at}, time.Time.Compare)
			one.oldest = slices.MinFunc([]time.Time{before.oldest, one.oldest}, time.Time.Compare)
		}
		w.gates[g.GateID] = one
	}
	w.mu.Unlock()
	sendSignal(w.added)
}

func (w *wakeups) takeAll() map[store.GateID]wakeup {
	w.mu.Lock()
	defer w.mu.Unlock()
	taken := w.gates
	w.gates = map[store.GateID]wakeup{}
	return taken
}
