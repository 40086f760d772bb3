package offline

import (
	"strings"
	"testing"
	"time"

	"parley/bridge/analysis"
	"parley/channels/golden"
)

func BenchmarkAnalyze(b *testing.B) {
	questions := []struct {
		name string
		q    analysis.Question
	}{
		{name: "desk with everything", q: typicalQuestion()},
		{name: "desk with nothing", q: analysis.Question{Burst: typicalQuestion().Burst}},
	}
	a := New()
	for _, bb := range questions {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			begun := cpuTime(b)
			for b.Loop() {
				if _, err := a.Analyze(b.Context(), bb.q); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((cpuTime(b)-begun).Microseconds())/float64(b.N), "cpu-µs/op")
		})
	}
}

// Odd texts, which nobody writes but somebody may send, cost little time and get an answer like any other.
func TestOddTextsCostLittle(t *testing.T) {
	tests := []struct {
		name string
		text string
	}{
		{name: "one long word", text: strings.Repeat("a", 1<<20)},
		{name: "words of one letter", text: strings.Repeat("a ", 1<<19)},
		{name: "lines", text: strings.Repeat("A4411-7.\n", 100000)},
		{name: "quoted lines", text: strings.Repeat(">\n", 1<<19)},
		{name: "quotation marks", text: strings.Repeat("\" '", 1<<18)},

		{name: "accents on one letter", text: "e" + strings.Repeat("\u0301", 1<<19)},
		{name: "halves of characters", text: strings.Repeat("\xff\xc3", 1<<19)},
		{name: "zero bytes", text: strings.Repeat("\x00", 1<<20)},
		{name: "marks of direction", text: strings.Repeat("\u202eمرحبا\u202c ", 60000)},
		{name: "emoji", text: strings.Repeat("👩‍👩‍👧‍👦😡", 40000)},

		{name: "numbers", text: strings.Repeat("4711 ", 200000)},
		{name: "numbers of letters and digits", text: strings.Repeat("A-1/", 200000)},
		{name: "groups of digits", text: strings.Repeat("550 812. ", 100000)},
		{name: "numbers that are announced", text: strings.Repeat("reservation code QX7-44P ", 40000)},
		{name: "numbers that may be announced", text: strings.Repeat("for 88127 via x, 40141 ", 40000)},
		{name: "brackets before numbers", text: strings.Repeat("orders (88127 ", 70000)},
		{name: "numbers to be cancelled", text: strings.Repeat("cancel 26-0118, ", 60000)},

		{name: "words of urgency, and their opposites", text: strings.Repeat("still not very urgent today need order ", 25000)},
	}
	a := New()
	meter := golden.NewMeterFor(golden.Allowance{Base: 50 * time.Millisecond})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := typicalQuestion()
			q.Burst = []analysis.Message{{Subject: tt.text, Text: tt.text}, {Text: tt.text}}
			answer, err := a.Analyze(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			checkAnswer(t, q, answer)
			const anyLength = 0 // the allowance doesn't grow with the text
			meter.Check(t, anyLength, func() { _, _ = a.Analyze(t.Context(), q) })
		})
	}
}
