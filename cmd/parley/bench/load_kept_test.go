package bench

import (
	"errors"
	"testing"
	"time"
)

// The checks fail when an event is missing, isn't applied, or is in quarantine.
func TestKeptFails(t *testing.T) {
	t.Parallel()
	b := NewRigtest(t)
	w, err := StartWorld(t.Context(), b, WorldOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()
	exec := func(sql string) {
		t.Helper()
		if _, err := w.Pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}

	exec(`INSERT INTO events (account_id, external_id, order_key, payload, size_bytes) VALUES (1, 'm:C:1', 'k', '', 0)`)
	if err := checkKept(t.Context(), w, []string{"m:C:1"}); err != nil {
		t.Error(err)
	}
	if err := checkKept(t.Context(), w, []string{"m:C:1", "m:C:2"}); !errors.Is(err, ErrLost) {
		t.Errorf("a lost event: %v", err)
	}

	exec(`INSERT INTO queues (key, account_id, version, first_event, place, last_place, due_at)
		SELECT 'k', 1, 0, id, id, id, now() FROM events`)
	if err := w.Drain(t.Context(), 200*time.Millisecond); !errors.Is(err, ErrNotDrained) {
		t.Errorf("an event that nobody applies: %v", err)
	}

	exec(`DELETE FROM queues`)
	exec(`INSERT INTO quarantine (event_id, reason) SELECT id, 'test' FROM events`)
	if err := w.Drain(t.Context(), time.Second); !errors.Is(err, ErrNotDrained) {
		t.Errorf("a quarantined event: %v", err)
	}
}
