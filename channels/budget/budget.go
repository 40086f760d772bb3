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

// Usual is the allowance of most parsers.
func Usual() Allowance { return Allowance{Base: time.Millisecond, PerMegabyte: 50 * time.Millisecond} }

// referenceCost is the CPU time that the reference (reference.go) takes on that machine while it does nothing else.
const referenceCost = 670 * time.Microsecond

// Webhook is the allowance of parsers of JSON. For a body that consists of tiny values, encoding/json takes up to 100
// ms a megabyte each time that it reads it. To store what was read costs a hundred times as much.
func Webhook() Allowance {
	return Allowance{Base: 2 * time.Millisecond, PerMegabyte: 250 * time.Millisecond}
}

// A parser that seems to cost too much is measured again before the test fails. Other work on the machine, which
// shares caches and cores, makes CPU time longer, too, but hardly ever each time.
const (
	maxAttempts       = 8
	minAttempts       = 2
	hopelessFactor    = 20              // a parser that takes 20 times what it may fails after two attempts
	maxMeasuring      = 3 * time.Second // CPU time of all attempts; after it, two attempts are enough, too
	checksPerSlowness = 1000            // after so many checks, a measured slowness of the machine is forgotten
)

// A machine is quiet while the reference takes about as long as on the machine of docs/performance.md, or less. Even
// then a parser may take twice its allowance, because processors differ: one had slow memory, compared with the
// reference. A busy machine shares caches and cores, or runs the race detector, which slows some parsers more than
// the reference. Then a parser may take four times its allowance. Quadratic time exceeds both margins.
const (
	quietSlowness = 1.1
	quietMargin   = 2
	busyMargin    = 4
)

// Meter measures parsers. It counts the CPU time of the whole process, so nothing else may run in it meanwhile, such
// as a parallel test.
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

// Check runs parse, which parses an input of so many bytes, and fails the test if that takes more CPU time than it
// may. If it seems to take too much, Check runs parse again, up to maxAttempts times.
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
	times    float64 // spent, divided by what may be spent
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

// timesAllowed divides the CPU time that was spent by what may be spent on so many bytes. Above 1 is too much.
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

// measureSlowness returns how many times longer the reference takes now than on the machine of docs/performance.md.
// Slower processors, other work, the race detector and a fuzzer's counters slow it down, as they do any parser. The
// result is at least 1: where the reference is quicker, not every parser is.
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
