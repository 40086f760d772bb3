package engine_test

import (
	"testing"

	"parley/bridge/analysis"
)

// If the analysis of some messages kills each process that begins it, it is given up after many processes. Otherwise none
// could run for long, and no message of anybody would arrive.
func TestAnalysisThatKillsProcessesIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: &reader{find: func(analysis.Question) (analysis.Answer, error) {
		t.Error("the messages were analysed once more")
		return analysis.Answer{}, nil
	}}})
	w.customerWrites("kim", "Lamp is broken")
	w.waitShown("Lamp is broken")
	w.eventually("a burst waits", func() bool { return w.countBursts() > 0 })
	w.exec(`UPDATE bursts SET attempt = 20, due_at = parley_now()`)
	w.waitAnalysed()
}
