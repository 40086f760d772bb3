package bench

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/cmd/parley/bench/rig"
	"parley/cmd/parley/bench/rig/rigtest"
)

// TestMain lets the test's binary be every process of a run. With serve or bench as its first argument it serves instead of
// running the tests.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 || os.Args[1] != "serve" && os.Args[1] != "bench" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := rig.Serve(ctx, rig.ServeOptions{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:gocritic // the process ends
	}
}

// checkReference checks that the reference wrote several rows, all with this payload.
func checkReference(t *testing.T, w *rig.World, payload []byte) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.URLOf(rig.ReferenceDatabase))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	var rows, right int
	if err := conn.QueryRow(t.Context(), `SELECT count(*), count(*) FILTER (WHERE payload = $1)
		FROM reference`, payload).Scan(&rows, &right); err != nil {
		t.Fatal(err)
	}
	if rows < 2 || right != rows {
		t.Errorf("%d rows, %d of them with the payload", rows, right)
	}
}

func TestWorld(t *testing.T) {
	t.Parallel()
	b := rigtest.New(t)
	m, err := b.Machine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", m)

	w, err := rig.StartWorld(t.Context(), b, rig.WorldOptions{Slack: &rig.SlackOptions{Channels: 2}, Config: func(w *rig.World) string {
		return w.SlackConfig("")
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()

	c, err := w.StartParley(t.Context(), rig.ParleyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if u, err := c.Usage(); err != nil || u.RSS < 1<<20 {
		t.Errorf("memory %d, %v", u.RSS, err)
	}

	for _, tool := range []string{b.Tool, ""} {
		b.Tool = tool
		payload := []byte("{\"a\\\\b\":\"\u00e4\"}")
		rate, p50, err := rig.Inserts(t.Context(), w, 2, payload, 3*time.Second)
		if err != nil || rate <= 0 || p50 <= 0 {
			t.Errorf("%q: %f per second, %f ms, %v", tool, rate, p50, err)
		}
		checkReference(t, w, payload)
		t.Logf("%q: %.0f per second, %.2f ms", tool, rate, p50)
	}

	if err := w.Drain(t.Context(), 5*time.Minute); err != nil {
		t.Error(err)
	}
}
