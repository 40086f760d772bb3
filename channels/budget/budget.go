// Package budget holds parsers of what strangers send to a bound of CPU time, so that
// nobody's input can keep others waiting: every fuzz target asks it, and so do tests with
// input that is made to cost time.
//
// What does not belong here: what is parsed, and anything of channels: the tests of all parts
// use it. Nothing outside tests may import it.
package budget

import (
	"runtime"
	"sync"
	"testing"
	"time"
)

// Allowance is what parsing may cost on the machine that docs/performance.md names:
// PerMegabyte for each megabyte (1<<20 bytes) of the input and Base for any input.
type Allowance struct{ Base, PerMegabyte time.Duration }

// Usual is the allowance of parsers without a reason for another one.
func Usual() Allowance { return Allowance{Base: time.Millisecond, PerMegabyte: 50 * time.Millisecond} }

// referenceCost is what the reference takes on that machine while it does nothing else.
const referenceCost = 670 * time.Microsecond

// Webhook is the allowance of parsers of JSON. For a body of nothing but tiny things
// encoding/json takes up to 100 ms a megabyte each time that it reads one, and what is read
// of each thing is stored: that costs a hundred times as much.
func Webhook() Allowance {
	return Allowance{Base: 2 * time.Millisecond, PerMegabyte: 250 * time.Millisecond}
}

// Before a parser is said to cost too much it is measured again: other work on the machine
// makes CPU time longer too (shared caches and cores), but hardly ever each time.
const (
	maxAttempts       = 8
	minAttempts       = 2
	hopelessFactor    = 20              // a parser that takes so many times too much is at fault: two attempts are enough
	maxMeasuring      = 3 * time.Second // CPU time of all attempts; behind it, two attempts are enough, too
	checksPerSlowness = 1000            // after so many checks, a measured slowness of the machine isn't used any more
)

// A machine is quiet while the reference takes about as long as on the machine of the
// figures, or less. Processors differ, so that a parser may still take up to twice as long there
// as its allowance says: memory was slow beside the reference on one of them. On busy machines
// caches and cores are shared, or a detector runs, which makes some parsers slower than the
// reference by a factor that nobody knows. Quadratic time exceeds both margins.
const (
	quietSlowness = 1.1
	quietMargin   = 2
	busyMargin    = 4
)

// Meter measures parsers. It counts what the whole process spends: nothing else may run in
// it meanwhile, no parallel test either.
type Meter struct {
	allowed Allowance

	mu        sync.Mutex
	reference *reference // made when it is needed
	slowness  float64    // how many times longer this process takes than the machine of the figures
	checks    int        // since slowness was measured
}

// NewMeter makes a Meter for the usual allowance. One serves all inputs of a fuzz target.
func NewMeter() *Meter { return NewMeterFor(Usual()) }

// NewMeterFor makes a Meter for another allowance.
func NewMeterFor(allowed Allowance) *Meter { return &Meter{allowed: allowed, slowness: 1} }

// Check runs parse, which parses an input of so many bytes. The test fails if that takes
// more CPU time than it may. parse runs more than once when it seems to.
func (m *Meter) Check(t testing.TB, bytes int, parse func()) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.checks++
	if m.checks > checksPerSlowness {
		m.slowness = 1
		m.checks = 0
	}

	total := cpuTimeOf(parse)
	if m.timesAllowed(total, bytes) <= 1 {
		return
	}

	var best measurement
	for n := range maxAttempts {
		isClear := best.times >= hopelessFactor || total >= maxMeasuring
		if isClear && n >= minAttempts {
			break
		}

		now := m.measure(bytes, parse)
		if now.times <= 1 {
			return
		}

		total += now.spent

		if n == 0 || now.times < best.times {
			best = now
		}
	}

	t.Fatalf("%d bytes took %v of CPU time: %.1f times what they may (%v and %v a megabyte, each times %.1f in this process)",
		bytes, best.spent.Round(10*time.Microsecond), best.times, m.allowed.Base, m.allowed.PerMegabyte, best.slowness)
}

// measurement is what one call of a parser cost.
type measurement struct {
	spent    time.Duration
	times    float64 // how many times what may be spent
	slowness float64 // Meter.slowness at that time
}

// measure measures the slowness of the machine before and after a call of a parser, and the call.
func (m *Meter) measure(bytes int, parse func()) measurement {
	runtime.GC() // what others left is not this parser's
	before := m.measureSlowness()
	spent := cpuTimeOf(parse)
	m.slowness = max(before, m.measureSlowness())
	m.checks = 0
	return measurement{spent: spent, times: m.timesAllowed(spent, bytes), slowness: m.slowness}
}

// timesAllowed returns how many times what may be spent on so many bytes was spent.
func (m *Meter) timesAllowed(spent time.Duration, bytes int) float64 {
	const megabyte = 1 << 20
	allowed := float64(m.allowed.Base) + float64(m.allowed.PerMegabyte)*float64(bytes)/megabyte
	if m.slowness > quietSlowness {
		allowed *= busyMargin
	} else {
		allowed *= quietMargin
	}
	return float64(spent) / (allowed * m.slowness)
}

// measureSlowness returns how many times longer the reference takes now than on the machine of the
// figures: slower processors, other work, the race detector and the counters of a fuzzer make
// it longer, as they do any parser. It is never below 1: a machine on which the reference is quicker
// is not as much quicker with every parser, and an allowance is never less than what it says.
func (m *Meter) measureSlowness() float64 {
	if m.reference == nil {
		m.reference = newReference()
		m.runReference()
	}
	least := min(cpuTimeOf(m.runReference), cpuTimeOf(m.runReference), cpuTimeOf(m.runReference))
	return max(1, float64(least)/float64(referenceCost))
}

// runReference runs the reference once. Its result shows that the compiler left nothing out.
func (m *Meter) runReference() {
	if m.reference.run() == 0 {
		panic("the reference did nothing")
	}
}

// cpuTimeOf returns the CPU time of a call.
func cpuTimeOf(call func()) time.Duration {
	before := spentCPU()
	call()
	return spentCPU() - before
}
