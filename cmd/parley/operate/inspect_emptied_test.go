package operate_test

import (
	"strings"
	"testing"

	"parley/cmd/parley/operate"
	"parley/store"
)

// tellWithoutPayloads returns a story in which the payload of a broken event, and of one that was applied, is no longer kept.
func tellWithoutPayloads(t *testing.T) story {
	t.Helper()
	s := tell(t)
	must(s.pool.Exec(t.Context(), `UPDATE events SET payload = NULL WHERE id = ANY($1)`, []store.EventID{s.question, s.broken}))(t)
	return s
}

// An event without a payload isn't queued: there is nothing in it that could be applied.
func TestReplayRefusesAnEventWithoutAPayload(t *testing.T) {
	t.Parallel()
	s := tellWithoutPayloads(t)

	answers := must(operate.Replay(t.Context(), s.pool, nil, nil, []store.EventID{s.broken, s.question}))(t)
	if len(answers) != 2 {
		t.Errorf("got %d answers, want 2", len(answers))
	}
	for _, a := range answers {
		if a.State != operate.ReplayEmptied {
			t.Errorf("event %d is %q, want %q", a.Event, a.State, operate.ReplayEmptied)
		}
		if want := "payload is no longer kept"; !strings.Contains(a.Text(), want) {
			t.Errorf("event %d: the answer is %q, want %q in it", a.Event, a.Text(), want)
		}
	}
	var queued int
	inspectCheck(t, s.pool.QueryRow(t.Context(), `SELECT count(*) FROM queued WHERE event_id = $1`, s.broken).Scan(&queued))
	if queued != 0 {
		t.Error("the broken event was queued")
	}
}
