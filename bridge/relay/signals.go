package relay

import (
	"slices"
	"sync"
	"time"

	"parley/store"
)

// signals wake the parts of a relay that wait for work. A lane is the queue of one conversation to one
// destination; lanes that share a provider's rate limit are behind the same gate.
type signals struct {
	suspects chan struct{} // failed events may be due for another try
	opened   *openAccounts // accounts for whose opening events may wait
	lanes    chan struct{} // a lane may be due, behind any gate
	woken    *wakeups      // gates behind which lanes became due
	timers   chan struct{} // a timer may be due
}

// sendSignal wakes the reader of c without blocking. c buffers one signal; more than one would tell the reader
// nothing new.
func sendSignal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// wakeups collects the gates behind which lanes became due, until the dispatcher takes them.
type wakeups struct {
	mu    sync.Mutex
	gates map[store.GateID]wakeup
	added chan struct{}
}

// wakeup is one gate behind which lanes became due.
type wakeup struct {
	account    store.AccountID
	priorities uint8     // a bit for each priority of these lanes
	at         time.Time // when to claim the first lane
	oldest     time.Time // when the first lane became due, by Parley's clock
}

func (w *wakeups) add(due []store.GateDue) {
	now := time.Now()
	w.mu.Lock()
	for _, g := range due {
		one := wakeup{account: g.AccountID, priorities: g.Waiting, at: now.Add(store.Seconds(g.Wait)), oldest: g.Oldest}
		if earlier, ok := w.gates[g.GateID]; ok {
			one.priorities |= earlier.priorities
			one.at = slices.MinFunc([]time.Time{earlier.at, one.at}, time.Time.Compare)
			one.oldest = slices.MinFunc([]time.Time{earlier.oldest, one.oldest}, time.Time.Compare)
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
