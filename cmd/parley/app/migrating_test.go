package app_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/cmd/parley/app"
)

// servePatience bounds every wait; only a failing test uses it up.
const servePatience = 2 * time.Minute

// logged keeps what a process logs.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String returns all that was logged.
func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// find waits until the log holds something of this form, and gives the first group.
func (l *logged) find(t *testing.T, form string) string {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for patience := time.After(servePatience); ; {
		l.mu.Lock()
		m := regexp.MustCompile(form).FindStringSubmatch(l.text.String())
		l.mu.Unlock()
		if m != nil {
			return m[len(m)-1]
		}
		select {
		case <-patience:
			t.Fatalf("nothing like %s was logged", form)
		case <-tick.C:
		}
	}
}

// answer asks a process for something. Its connections end with each request.
func answer(t *testing.T, method, url string) (status int, body string, header http.Header) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), servePatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, strings.TrimSpace(string(text)), res.Header
}

// A process that finds another one migrating lives, says what it waits for, and asks all
// others to come again; it serves once the other is done, and ends at once when asked to.
func TestServeBehindMigration(t *testing.T) {
	t.Parallel()
	env := environment(t)
	other, err := pgx.Connect(t.Context(), env.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close(context.Background()) }()
	for _, sql := range []string{`DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`, `SELECT pg_advisory_lock(4097083626)`} {
		if _, err := other.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}

	serveOnce := func() (address string, log *logged, stop func(), ended <-chan error) {
		ctx, cancel := context.WithCancel(context.Background())
		log, done := &logged{}, make(chan error, 1)
		finished := make(chan struct{})
		go func() {
			defer close(finished)
			done <- app.Serve(ctx, env, slog.New(slog.NewTextHandler(log, nil)), func(string) {}, app.Options{})
		}()
		t.Cleanup(func() {
			cancel()
			<-finished
		})
		return "http://" + log.find(t, `msg=listening address=(\S+)`), log, cancel, done
	}

	address, log, stop, ended := serveOnce()
	log.find(t, `msg=migrating progress="waiting for another process that migrates this database; in the way may be [^"]+`)
	if status, body, _ := answer(t, http.MethodGet, address+"/healthz"); status != http.StatusOK || body != "ok" {
		t.Errorf("/healthz: %d %s", status, body)
	}
	if status, body, _ := answer(t, http.MethodGet, address+"/readyz"); status != http.StatusServiceUnavailable || body != "migrating" {
		t.Errorf("/readyz: %d %s", status, body)
	}
	for _, path := range []string{"/hooks/shop", "/slack/events", "/teams/messages", "/nothing"} {
		if status, _, header := answer(t, http.MethodPost, address+path); status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" {
			t.Errorf("%s: %d, Retry-After %q", path, status, header.Get("Retry-After"))
		}
	}
	stop()
	if err := waitFor(t, ended); err != nil {
		t.Errorf("asked to end while it waits: %v", err)
	}

	address, log, stop, ended = serveOnce()
	log.find(t, `waiting for another process`)
	if _, err := other.Exec(t.Context(), `SELECT pg_advisory_unlock(4097083626)`); err != nil {
		t.Fatal(err)
	}
	log.find(t, `msg=ready`)
	if status, body, _ := answer(t, http.MethodGet, address+"/readyz"); status != http.StatusOK {
		t.Errorf("/readyz after the migration: %d %s", status, body)
	}
	if status, _, _ := answer(t, http.MethodPost, address+"/nothing"); status != http.StatusNotFound {
		t.Errorf("/nothing after the migration: %d", status)
	}
	stop()
	if err := waitFor(t, ended); err != nil {
		t.Errorf("asked to end: %v", err)
	}
}

func waitFor(t *testing.T, ended <-chan error) error {
	t.Helper()
	select {
	case err := <-ended:
		return err
	case <-time.After(servePatience):
		t.Fatal("it does not end")
		return nil
	}
}
