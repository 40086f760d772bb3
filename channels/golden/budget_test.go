package golden

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// little is an allowance that what is quadratic exceeds by far, also where the detector of races or other work makes the
// meter believe in a slow machine.
func little() Allowance {
	return Allowance{Base: 300 * time.Microsecond, PerMegabyte: 2 * time.Millisecond}
}

// recorder notes that a check failed instead of failing.
type recorder struct {
	testing.TB
	failed string
}

func (r *recorder) Fatalf(format string, args ...any) { r.failed = fmt.Sprintf(format, args...) }

// countPairs is linear; comparePairs compares each letter with each other one.
func countPairs(s string) (n int) {
	for i := range len(s) - 1 {
		if s[i] == s[i+1] {
			n++
		}
	}
	return n
}

func comparePairs(s string) (n int) {
	for i := range len(s) {
		for j := range len(s) {
			if s[i] == s[j] {
				n++
			}
		}
	}
	return n
}

// TestCheck: what is linear passes, what is quadratic fails, and the message says by how
// much.
func TestCheck(t *testing.T) {
	text := strings.Repeat("ab", 8_000)
	m, r := NewMeterFor(little()), &recorder{TB: t}
	m.Check(r, len(text), func() { runtime.KeepAlive(countPairs(text)) })
	if r.failed != "" {
		t.Errorf("a linear parser failed: %s", r.failed)
	}
	m.Check(r, len(text), func() { runtime.KeepAlive(comparePairs(text)) })
	if !strings.Contains(r.failed, "16000 bytes took") || !strings.Contains(r.failed, "times what they may") {
		t.Errorf("a quadratic parser passed: %q", r.failed)
	}
}

// TestCheckRepeated: a short input that costs little is made long.
func TestCheckRepeated(t *testing.T) {
	m, r := NewMeterFor(little()), &recorder{TB: t}
	var lengths []int
	CheckRepeated(r, m, "abc", func(s string) { lengths = append(lengths, len(s)) })
	if len(lengths) != 2 || lengths[0] != 3 || lengths[1] < repeatedBytes {
		t.Errorf("lengths %v", lengths)
	}
	CheckRepeated(r, m, []byte("ab"), func(b []byte) { runtime.KeepAlive(comparePairs(strings.Repeat("ab", len(b)/2*detectorCost/2))) })
	if r.failed == "" {
		t.Error("a quadratic parser passed with a short input")
	}
}

// TestSeeds: they are different.
func TestSeeds(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Seeds() {
		if s == "" || seen[s] {
			t.Errorf("%q stands there twice or is empty", s)
		}
		seen[s] = true
	}
}
