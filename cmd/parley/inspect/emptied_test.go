package inspect_test

import (
	"strings"
	"testing"
	"time"

	"parley/cmd/parley/inspect"
	"parley/store"
)

// An event whose payload is gone is still explained, and isn't queued with nothing in it.
func TestEmptied(t *testing.T) {
	t.Parallel()
	s := tell(t)
	_, err := s.pool.Exec(t.Context(), `UPDATE events SET payload = NULL WHERE id = ANY($1)`, []store.EventID{s.question, s.broken})
	must(t, err)
	answers, err := inspect.Replay(t.Context(), s.pool, nil, []store.EventID{s.broken, s.question})
	must(t, err)
	for _, a := range answers {
		if a.State != inspect.ReplayEmptied || !strings.Contains(a.Text(), "payload is no longer kept") {
			t.Errorf("event %d: %s: %s", a.Event, a.State, a.Text())
		}
	}
	for _, id := range []store.EventID{s.broken, s.question} {
		j, err := inspect.Event(t.Context(), s.pool, id)
		must(t, err)
		if text := j.Text(time.UTC); !strings.Contains(text, "payload is no longer kept") || strings.Contains(text, "parley replay") {
			t.Errorf("event %d: %s", id, text)
		}
	}
	var queued int
	must(t, s.pool.QueryRow(t.Context(), `SELECT count(*) FROM queued WHERE event_id = $1`, s.broken).Scan(&queued))
	if queued != 0 {
		t.Error("an event without a payload was queued")
	}
}
