package bridgetest

import (
	"strings"
	"time"

	"parley/channels/emulator"
)

// FaultKind says what goes wrong with a call of a Chat's API.
type FaultKind string

// Kinds of faults. The zero kind is none: the call is answered, perhaps late.
const (
	FaultNone        FaultKind = ""
	FaultRefuse      FaultKind = "refuse"       // 503 before anything was done, and it says so
	FaultThrottle    FaultKind = "throttle"     // 429 with Retry-After
	FaultErrorBefore FaultKind = "error_before" // 500, nothing was done
	FaultErrorAfter  FaultKind = "error_after"  // 500, it was done
	FaultDropBefore  FaultKind = "drop_before"  // the connection ends, nothing was done
	FaultDropAfter   FaultKind = "drop_after"   // the connection ends, it was done
)

// Fault is something that goes wrong at the Chat.
type Fault struct {
	Call  string // post, update, mark, whisper, thread, since, message
	Kind  FaultKind
	Times int             // how often it strikes; 0 means once, < 0 means until ClearFaults
	Text  string          // it strikes only calls whose body contains this
	Wait  time.Duration   // FaultThrottle: the time in Retry-After
	Until <-chan struct{} // if set, the Chat first waits until it is closed
}

// AddFault arms a fault. Of several for one call, the oldest strikes first.
func (c *Chat) AddFault(f Fault) { c.faults.Add(f, emulator.FaultRule{Times: f.Times}) }

// ClearFaults disarms everything.
func (c *Chat) ClearFaults() { c.faults.ClearFaults() }

// strike counts a call and uses up the oldest fault for it; the zero Fault means that none strikes.
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

// Struck returns how many faults have struck.
func (c *Chat) Struck() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.struck
}
