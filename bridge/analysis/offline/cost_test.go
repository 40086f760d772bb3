package offline

import (
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"parley/bridge/analysis"
	"parley/channels/budget"
)

// typical is a question of typical length, of a desk with some of everything.
func typical() analysis.Question {
	q := analysis.Question{Burst: []analysis.Message{{
		Subject: "Bestellung 4711-22 immer noch nicht da",
		Text: "Sehr geehrte Damen und Herren,\n\nich warte nun seit drei Wochen auf meine Bestellung Nr. 4711-22 und habe Ihnen schon zweimal " +
			"geschrieben, leider ohne Antwort. Laut Sendungsverfolgung liegt das Paket seit dem 3. im Depot. Wann wird es endlich geliefert? " +
			"Falls es verloren ist, hätte ich gern mein Geld zurück.\n\nMit freundlichen Grüßen\nErika Mustermann",
	}}}
	for i := range 12 {
		q.Desk.Tags = append(q.Desk.Tags, analysis.Tag{Name: fmt.Sprintf("tag-%d", i), Words: []string{"Paket verloren", "Depot"}})
	}
	for i := range 8 {
		q.Desk.Sources = append(q.Desk.Sources, analysis.Source{ID: fmt.Sprint(i), Title: "Wo bleibt mein Paket?", Text: q.Burst[0].Text, Reply: "Wir sehen nach."})
	}
	for range 20 {
		q.Desk.Examples = append(q.Desk.Examples, analysis.Example{Text: q.Burst[0].Text, Intent: "order_status", Tags: []string{"tag-1"}, Solver: "Mia"})
	}
	q.Desk.Actions = []analysis.ActionName{analysis.Assign, analysis.Priority}
	return q
}

func BenchmarkAnalyze(b *testing.B) {
	a := New()
	for name, q := range map[string]analysis.Question{"desk": typical(), "bare": {Burst: typical().Burst}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			start := used(b)
			for b.Loop() {
				if _, err := a.Analyze(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((used(b)-start).Microseconds())/float64(b.N), "cpu-µs/op")
		})
	}
}

// used returns the processor time that the test has used: other work on the machine counts for nothing.
func used(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// odd are texts that nobody writes and somebody sends.
func odd() map[string]string {
	return map[string]string{
		"one letter":    strings.Repeat("a", 1<<20),
		"letters":       strings.Repeat("a ", 1<<19),
		"numbers":       strings.Repeat("4711 ", 200000),
		"codes":         strings.Repeat("A-1/", 200000),
		"marks":         "e" + strings.Repeat("\u0301", 1<<19),
		"quotes":        strings.Repeat("\" '", 1<<18),
		"greater":       strings.Repeat(">\n", 1<<19),
		"half":          strings.Repeat("\xff\xc3", 1<<19),
		"right to left": strings.Repeat("\u202eمرحبا\u202c ", 60000),
		"emoji":         strings.Repeat("👩‍👩‍👧‍👦😡", 40000),
		"codes named":   strings.Repeat("reservation code QX7-44P ", 40000),
		"brackets":      strings.Repeat("orders (88127 ", 70000),
		"nothing named": strings.Repeat("for 88127 via x, 40141 ", 40000),
		"lines":         strings.Repeat("A4411-7.\n", 100000),
		"groups":        strings.Repeat("550 812. ", 100000),
		"change":        strings.Repeat("cancel 26-0118, ", 60000),
		"urgent":        strings.Repeat("still not very urgent today need order ", 25000),
		"nothing":       strings.Repeat("\x00", 1<<20),
	}
}

func TestOddTextsCostLittle(t *testing.T) {
	a, m := New(), budget.NewMeterFor(budget.Allowance{Base: 50 * time.Millisecond})
	for name, text := range odd() {
		q := typical()
		q.Burst = []analysis.Message{{Subject: text, Text: text}, {Text: text}}
		answer, err := a.Analyze(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		sound(t, q, answer)
		t.Run(name, func(t *testing.T) {
			m.Check(t, 0, func() { _, _ = a.Analyze(t.Context(), q) })
		})
	}
}

// TestPatternsCostLittle lets an admin write what is dear.
func TestPatternsCostLittle(t *testing.T) {
	q := analysis.Question{Burst: []analysis.Message{{Text: strings.Repeat("a", 10<<10)}}}
	for i := range 100 {
		q.Desk.References = append(q.Desk.References, analysis.Pattern{Kind: "order", Regexp: fmt.Sprintf("(a?){200}(a*)*b%d(", i)},
			analysis.Pattern{Kind: "order", Regexp: fmt.Sprintf("(?:a?){900}b%d", i)}, analysis.Pattern{Kind: "order", Regexp: fmt.Sprintf("(a|aa)*c{%d}", i)})
	}
	budget.NewMeterFor(budget.Allowance{Base: 500 * time.Millisecond}).Check(t, 0, func() {
		if _, err := New().Analyze(t.Context(), q); err != nil { // one that keeps no compiled patterns
			t.Fatal(err)
		}
	})
}

// TestLexiconsAreSmall reads all anew: what New gives, another test may have made it read before.
func TestLexiconsAreSmall(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.GC() // what pools of earlier tests hold goes at the second time
	runtime.ReadMemStats(&before)
	k, err := readKnowledge()
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	kept := float64(after.HeapAlloc) - float64(before.HeapAlloc)
	t.Logf("an analyzer keeps %.2f MB", kept/(1<<20))
	if kept < 1<<20 || kept > 3.75*(1<<20) {
		t.Errorf("an analyzer keeps %.2f MB", kept/(1<<20))
	}
	runtime.KeepAlive(k)
}
