package talk

import (
	"errors"
	"testing"
	"time"

	"parley/bot/slack/slackfake"
	"parley/cmd/parley/bench/rig"
)

func TestHopFigures(t *testing.T) {
	t.Parallel()
	hop, p95 := hopFigures(rig.Measured[struct{}, []float64]{Values: []float64{2}, Found: [][]float64{{2, 4}}, References: []float64{10}})
	if *hop.Value != 0.2 || *p95.Value != 0.4 || len(p95.Rounds) != 1 || hop.Details["max_ms"] != 4 || hop.Details["row_ms"] != 10 {
		t.Errorf("hop %v %v, p95 %v %v", *hop.Value, hop.Details, *p95.Value, p95.Rounds)
	}
}

func TestPairs(t *testing.T) {
	t.Parallel()
	begin := time.Now()
	call := func(n int, after time.Duration) slackfake.Call {
		return slackfake.Call{At: begin.Add(after), Args: map[string]string{"username": "Customer", "text": markOf(customerName(1), n)}}
	}
	answers := func() map[string]time.Time {
		return map[string]time.Time{
			markOf(customerName(1), 1): begin.Add(time.Millisecond),
			markOf(customerName(1), 2): begin.Add(9 * time.Millisecond),
		}
	}

	old := slackfake.Call{At: begin.Add(-time.Second), Args: map[string]string{"username": "Customer", "text": markOf(customerName(1), 1)}}
	quoted := slackfake.Call{At: begin.Add(time.Millisecond), Args: map[string]string{"text": "Looks urgent: " + markOf(customerName(1), 2)}}
	hops, err := pairHops(answers(), []slackfake.Call{old, quoted, call(1, 4*time.Millisecond), call(2, 8*time.Millisecond)}, begin)
	if err != nil || len(hops) != 2 || hops[0] != 3 || hops[1] != 0 {
		t.Errorf("%v %v", hops, err)
	}

	for name, calls := range map[string][]slackfake.Call{
		"missing": {call(1, 0)}, "twice": {call(1, 0), call(1, 0), call(2, 0)}, "none": nil, "never said": {call(1, 0), call(2, 0), call(3, 0)},
	} {
		if _, err := pairHops(answers(), calls, begin); !errors.Is(err, ErrOrder) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
