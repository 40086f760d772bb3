package channelstest

import (
	"slices"
	"strings"
	"time"

	"parley/channels"
	"parley/channels/emulator"
)

// FaultKind is the kind of a Fault.
type FaultKind string

// Kinds of faults. With the zero kind the message is accepted, perhaps late.
const (
	FaultNone        FaultKind = ""
	FaultRefuse      FaultKind = "refuse"       // 503; the response says that the message wasn't accepted
	FaultThrottle    FaultKind = "throttle"     // 429 with Retry-After
	FaultReject      FaultKind = "reject"       // 422 with a class
	FaultErrorBefore FaultKind = "error_before" // 500; the message wasn't accepted
	FaultErrorAfter  FaultKind = "error_after"  // 500; the message was accepted
	FaultDropBefore  FaultKind = "drop_before"  // the connection breaks; the message wasn't accepted
	FaultDropAfter   FaultKind = "drop_after"   // the connection breaks; the message was accepted
	FaultBlind       FaultKind = "blind"        // the provider can't say whether it has a message
	FaultGone        FaultKind = "gone"         // File: 404, the file no longer exists
	FaultCut         FaultKind = "cut"          // File: the connection breaks halfway
)

// Fault makes a Provider fail in a defined way, so that a test can check how Parley reacts. Example: with
// Fault{Kind: FaultDropAfter}, the next message reaches the customer, but Parley doesn't get the response.
type Fault struct {
	Kind  FaultKind
	Times int             // how often; 0 means once, and a negative number until ClearFaults
	Text  string          // only messages with this in their text; File: only refs with it
	File  bool            // strikes fetched files, not messages
	With  string          // only messages with a file of this name
	Wait  time.Duration   // FaultThrottle: Retry-After
	Pair  bool            // FaultThrottle: the limit is for this customer only
	Class channels.Class  // FaultReject: class of the error
	Until <-chan struct{} // delays the response until it is closed; nil means no delay
}

// isAboutLookups reports whether a fault strikes lookups of sent messages, rather than messages.
func (f Fault) isAboutLookups() bool { return f.Kind == FaultBlind }

// hasFile reports whether a fault's condition With holds for the files of a message.
func (f Fault) hasFile(files []File) bool {
	return f.With == "" || slices.ContainsFunc(files, func(one File) bool { return one.Name == f.With })
}

// AddFault adds a fault. If several match a message, the oldest strikes.
func (p *Provider) AddFault(f Fault) { p.faults.Add(f, emulator.FaultRule{Times: f.Times}) }

// ClearFaults removes all faults.
func (p *Provider) ClearFaults() { p.faults.ClearFaults() }

// takeMessageFault returns the fault that strikes a message; see takeFault.
func (p *Provider) takeMessageFault(m Sent) Fault {
	return p.takeFault(m.Text, func(f Fault) bool {
		if f.File || f.isAboutLookups() {
			return false
		}
		return f.hasFile(m.Files)
	})
}

// takeLookupFault returns the fault that strikes a lookup; see takeFault.
func (p *Provider) takeLookupFault() Fault {
	return p.takeFault("", func(f Fault) bool { return !f.File && f.isAboutLookups() && f.With == "" })
}

// takeFault returns and counts the oldest matching fault whose Text occurs in text. If there is none, it
// returns the zero Fault.
func (p *Provider) takeFault(text string, matches func(Fault) bool) Fault {
	hit, ok := p.faults.First(func(f Fault) bool { return matches(f) && strings.Contains(text, f.Text) })
	if ok {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.changed.Poke()
	}
	return hit.Fault
}
