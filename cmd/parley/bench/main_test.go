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

	"parley/cmd/parley/lab"
)

// TestMain lets the test's binary be every process of a run: it understands the same
// sub-commands as the program.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 || os.Args[1] != "serve" && os.Args[1] != "bench" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := Serve(ctx, ServeOptions{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:gocritic // the process ends
	}
}

// testBench is a short run whose database ends with the test.
func testBench(t *testing.T) *bench {
	t.Helper()
	scratch, err := lab.NewScratch("", "parley-bench-test-", 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{opt: Options{Program: os.Args[0], Quick: true, Out: t.Output()}, scratch: scratch, short: true}
	t.Cleanup(func() {
		if err := b.close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// checkReference: the reference wrote the same payload, each time under another key.
func checkReference(t *testing.T, b *bench, payload []byte) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), b.server.URL(referenceDatabase))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	var rows, right int
	if err := conn.QueryRow(t.Context(), `SELECT count(*), count(*) FILTER (WHERE payload = $1) FROM reference`, payload).Scan(&rows, &right); err != nil {
		t.Fatal(err)
	}
	if rows < 2 || right != rows {
		t.Errorf("%d rows, %d of them with the payload", rows, right)
	}
}

func TestWorld(t *testing.T) {
	t.Parallel()
	b := testBench(t)
	m, err := b.machine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", m)
	w, err := startWorld(t.Context(), b, worldOptions{slack: &slackOptions{channels: 2}, config: func(w *world) string { return w.slackConfig("") }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.close(); err != nil {
			t.Error(err)
		}
	}()
	c, err := w.parley(t.Context(), parleyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if rss, err := c.rss(); err != nil || rss < 1<<20 {
		t.Errorf("memory %d, %v", rss, err)
	}
	for _, tool := range []string{b.tool, ""} {
		b.tool = tool
		payload := []byte("{\"a\\\\b\":\"\u00e4\"}")
		rate, p50, err := inserts(t.Context(), w, 2, payload, time.Second)
		if err != nil || rate <= 0 || p50 <= 0 {
			t.Errorf("%q: %f per second, %f ms, %v", tool, rate, p50, err)
		}
		checkReference(t, b, payload)
		t.Logf("%q: %.0f per second, %.2f ms", tool, rate, p50)
	}
	if err := w.drain(t.Context(), 5*time.Minute); err != nil {
		t.Error(err)
	}
}
