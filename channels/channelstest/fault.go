package channelstest

import (
	"slices"
	"strings"
	"time"

	"parley/channels"
	"parley/channels/emulator"
)

// FaultKind says what goes wrong.
type FaultKind string

// Kinds of faults. The zero kind is none: the message is taken, perhaps late.
const (
	FaultNone        FaultKind = ""
	FaultRefuse      FaultKind = "refuse"       // 503 before anything was done, and it says so
	FaultThrottle    FaultKind = "throttle"     // 429 with Retry-After
	FaultReject      FaultKind = "reject"       // 422 with a class
	FaultErrorBefore FaultKind = "error_before" // 500, nothing was done
	FaultErrorAfter  FaultKind = "error_after"  // 500, it was done
	FaultDropBefore  FaultKind = "drop_before"  // the connection ends, nothing was done
	FaultDropAfter   FaultKind = "drop_after"   // the connection ends, it was done
	FaultBlind       FaultKind = "blind"        // look-ups can't tell
	FaultGone        FaultKind = "gone"         // File: 404, it doesn't exist any more
	FaultCut         FaultKind = "cut"          // File: the connection ends in the middle
)

// Fault is something that goes wrong at the provider.
type Fault struct {
	Kind  FaultKind
	Times int             // how often; 0 means once, < 0 means until ClearFaults
	Text  string          // only messages whose text contains it; File: only refs that do
	File  bool            // it is about files that are fetched, not about messages
	With  string          // only messages with a file of this name
	Wait  time.Duration   // FaultThrottle: Retry-After
	Pair  bool            // FaultThrottle: only towards this customer
	Class channels.Class  // FaultReject: what it means
	Until <-chan struct{} // the provider waits for it first; nil means it answers at once
}

// isAboutLookups reports whether a fault is about look-ups, not messages.
func (f Fault) isAboutLookups() bool { return f.Kind == FaultBlind }

// hasFile reports whether a message has the file that a fault wants, if it wants one.
func (f Fault) hasFile(files []File) bool {
	return f.With == "" || slices.ContainsFunc(files, func(one File) bool { return one.Name == f.With })
}

// AddFault arms a fault; the oldest that fits strikes first.
func (p *Provider) AddFault(f Fault) { p.faults.Add(f, emulator.FaultRule{Times: f.Times}) }

// ClearFaults disarms everything.
func (p *Provider) ClearFaults() { p.faults.ClearFaults() }

// takeMessageFault takes the fault that strikes a message.
func (p *Provider) takeMessageFault(m Sent) Fault {
	return p.takeFault(m.Text, func(f Fault) bool {
		if f.File || f.isAboutLookups() {
			return false
		}
		return f.hasFile(m.Files)
	})
}

// takeLookupFault takes the fault that strikes a look-up.
func (p *Provider) takeLookupFault() Fault {
	return p.takeFault("", func(f Fault) bool { return !f.File && f.isAboutLookups() && f.With == "" })
}

// takeFault takes the oldest fault that fits and whose Text is in text, and counts it. Without one it returns the zero Fault,
// of the kind FaultNone.
func (p *Provider) takeFault(text string, fits func(Fault) bool) Fault {
	hit, ok := p.faults.First(func(f Fault) bool { return fits(f) && strings.Contains(text, f.Text) })
	if ok {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.changed.Poke()
	}
	return hit.Fault
}
