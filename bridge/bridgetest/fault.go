package bridgetest

import (
	"strings"
	"time"

	"parley/channels/emulator"
)

// FaultKind is a way in which a call of a Chat's API fails.
type FaultKind string

// Kinds of faults. "Before" means that the call is not carried out, and "after" that it is.
const (
	FaultNone        FaultKind = ""             // the call succeeds; use it with Fault.Until to delay the call
	FaultRefuse      FaultKind = "refuse"       // status 503, with a header that says that nothing was done
	FaultThrottle    FaultKind = "throttle"     // status 429 with Retry-After
	FaultErrorBefore FaultKind = "error_before" // status 500
	FaultErrorAfter  FaultKind = "error_after"  // status 500
	FaultDropBefore  FaultKind = "drop_before"  // the connection is closed
	FaultDropAfter   FaultKind = "drop_after"   // the connection is closed
)

// Fault makes calls of a Chat's API fail, to test how the caller handles it. For example, after
//
//	chat.AddFault(Fault{Call: "post", Kind: FaultDropAfter})
//
// the next message is posted, but the connection is closed without an answer.
type Fault struct {
	Call  string // name of the call: post, update, mark, whisper, thread, since, message
	Kind  FaultKind
	Times int             // number of calls that fail; 0 means one, < 0 means all until ClearFaults
	Text  string          // only calls whose body contains this fail
	Wait  time.Duration   // FaultThrottle: the time in Retry-After
	Until <-chan struct{} // if set, the call first waits until it is closed
}

// AddFault adds a fault and returns its id. If several match a call, the oldest is used.
func (c *Chat) AddFault(f Fault) (id string) {
	return c.faults.Add(f, emulator.FaultRule{Times: f.Times})
}

// RemoveFault removes one fault.
func (c *Chat) RemoveFault(id string) { c.faults.RemoveFault(id) }

// ClearFaults removes all faults.
func (c *Chat) ClearFaults() { c.faults.ClearFaults() }

// strike counts a call, and returns and uses up the oldest fault that matches it. It returns the zero Fault if none matches.
func (c *Chat) strike(call, body string) Fault {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[call]++
	c.changed.Poke()
	hit, ok := c.faults.First(func(f Fault) bool { return f.Call == call && strings.Contains(body, f.Text) })
	if ok {
		c.struck++
	}
	return hit.Fault
}

// StruckBy returns the number of calls for which one fault was used.
func (c *Chat) StruckBy(id string) int {
	for _, f := range c.faults.List() {
		if f.Rule.ID == id {
			return f.Fired
		}
	}
	return 0
}

// Struck returns the number of calls for which a fault was used.
func (c *Chat) Struck() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.struck
}
