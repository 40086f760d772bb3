package golden

import (
	"runtime"
	"sync"
	"testing"
	"time"
)

// Allowance is the CPU time that parsing may take on the machine described in docs/performance.md: Base for
// any input, plus PerMegabyte for each megabyte (1<<20 bytes) of it.
type Allowance struct{ Base, PerMegabyte time.Duration }

// Usual returns the allowance of most parsers.
func Usual() Allowance { return Allowance{Base: time.Millisecond, PerMegabyte: 50 * time.Millisecond} }

// referenceCost is the CPU time of one run of the reference workload (reference.go) on the machine described in
// docs/performance.md, when it is idle.
const referenceCost = 670 * time.Microsecond

// Webhook returns the allowance of JSON parsers. For a body that consists of tiny values, encoding/json takes
// up to 100 ms per megabyte each time it reads the body. That is acceptable: storing the result costs a hundred
// times as much.
func Webhook() Allowance {
	return Allowance{Base: 2 * time.Millisecond, PerMegabyte: 250 * time.Millisecond}
}

// A parser that seems too slow is measured again before the test fails, because other processes, which share caches
// and cores, also increase CPU time. They rarely do so in every measurement.
const (
	maxAttempts       = 8
	minAttempts       = 2
	hopelessFactor    = 20              // a parser this many times over its limit fails after minAttempts
	maxMeasuring      = 3 * time.Second // CPU time of all attempts together; once it is used up, minAttempts are enough
	checksPerSlowness = 1000            // a measured slowness is discarded after this many checks
)

// margin multiplies the allowance: processors differ, and on a busy machine or under the race detector some parsers slow
// down more than the reference does. Quadratic time exceeds it many times.
const margin = 4

// Meter checks the CPU time of parsers. It measures the whole process, so nothing else, such as a parallel
// test, may run in the process at the same time.
type Meter struct {
	allowed Allowance

	mu        sync.Mutex
	reference *reference // created on first use
	slowness  float64    // how many times slower this process is than the machine in docs/performance.md; at least 1
	checks    int        // since slowness was measured
}

// NewMeter returns a Meter with the usual allowance. One Meter serves all inputs of a fuzz target.
func NewMeter() *Meter { return NewMeterFor(Usual()) }

// NewMeterFor returns a Meter with the given allowance.
func NewMeterFor(allowed Allowance) *Meter { return &Meter{allowed: allowed, slowness: 1} }

// Check runs parse, which parses an input of the given size, and fails the test if that takes too much CPU
// time. If the first run seems too slow, Check repeats it up to maxAttempts times, and passes if one run is
// fast enough.
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
	if m.limitRatio(total, bytes) <= 1 {
		return
	}

	var best measurement
	for attempt := range maxAttempts {
		isConclusive := best.ratio >= hopelessFactor || total >= maxMeasuring
		if isConclusive && attempt >= minAttempts {
			break
		}

		now := m.measure(bytes, parse)
		if now.ratio <= 1 {
			return
		}

		total += now.spent

		if attempt == 0 || now.ratio < best.ratio {
			best = now
		}
	}

	t.Fatalf("%d bytes took %v of CPU time: %.1f times what they may (%v and %v a megabyte, each times %.1f in this process)",
		bytes, best.spent.Round(10*time.Microsecond), best.ratio, m.allowed.Base, m.allowed.PerMegabyte, best.slowness)
}

// measurement is the cost of one call of a parser.
type measurement struct {
	spent    time.Duration
	ratio    float64 // spent, divided by the limit
	slowness float64 // Meter.slowness at that time
}

// measure measures one call of a parser, and the slowness of the machine before and after it.
func (m *Meter) measure(bytes int, parse func()) measurement {
	runtime.GC() // so that the parser doesn't pay for earlier garbage
	before := m.measureSlowness()
	spent := cpuTimeOf(parse)
	m.slowness = max(before, m.measureSlowness())
	m.checks = 0
	return measurement{spent: spent, ratio: m.limitRatio(spent, bytes), slowness: m.slowness}
}

// limitRatio divides spent CPU time by the limit for an input of this size. A result above 1 is too much.
func (m *Meter) limitRatio(spent time.Duration, bytes int) float64 {
	const megabyte = 1 << 20
	allowed := float64(m.allowed.Base) + float64(m.allowed.PerMegabyte)*float64(bytes)/megabyte
	return float64(spent) / (margin * allowed * m.slowness)
}

// measureSlowness returns how many times slower the reference runs now than on the machine in
// docs/performance.md. Slower processors, other processes, the race detector and fuzzing instrumentation slow
// it down, as they do any parser. The result is at least 1: on a machine where the reference is faster, some
// parsers may not be.
func (m *Meter) measureSlowness() float64 {
	if m.reference == nil {
		m.reference = newReference()
		m.runReference()
	}
	fastest := min(cpuTimeOf(m.runReference), cpuTimeOf(m.runReference), cpuTimeOf(m.runReference))
	return max(1, float64(fastest)/float64(referenceCost))
}

// runReference runs the reference once. It checks the result, so that the compiler can't omit the work.
func (m *Meter) runReference() {
	if m.reference.run() == 0 {
		panic("the reference did nothing")
	}
}

func cpuTimeOf(call func()) time.Duration {
	before := spentCPU()
	call()
	return spentCPU() - before
}
