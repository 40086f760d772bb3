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

	"parley/channels/emulator"
	"parley/cmd/parley/app"
	"parley/store/storetest"
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

// waitFor waits until the log matches a regular expression, and returns its last group.
func (l *logged) waitFor(t *testing.T, form string) string {
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

// request asks a process for something. Its connections end with each request.
func request(t *testing.T, method, url string) (status int, body string, header http.Header) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), servePatience)
	defer cancel()
	req := must(http.NewRequestWithContext(ctx, method, url, strings.NewReader("{}")))(t)
	req.Close = true
	res := must(emulator.NewClient().Do(req))(t)
	defer func() { _ = res.Body.Close() }()
	text := must(io.ReadAll(res.Body))(t)
	return res.StatusCode, strings.TrimSpace(string(text)), res.Header
}

// A process that finds another one migrating is alive, says what it waits for, and asks all callers to come again. It serves once
// the other is done, and ends at once when asked to.
func TestServeBehindMigration(t *testing.T) {
	t.Parallel()
	env := environment(t)
	other := must(pgx.Connect(t.Context(), env.DatabaseURL))(t)
	defer func() { _ = other.Close(context.Background()) }()
	for _, sql := range []string{
		`DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`,
		`SELECT pg_advisory_lock(4097083626)`,
	} {
		must(other.Exec(t.Context(), sql))(t)
	}

	startProcess := func() (address string, log *logged, stop func(), ended <-chan error) {
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
		return "http://" + log.waitFor(t, `msg=listening address=(\S+) version=\S`), log, cancel, done
	}

	address, log, stop, ended := startProcess()
	log.waitFor(t, `msg="database opened" database="\S+ at \S+ as `)
	log.waitFor(t, `msg=migrating progress="waiting for another process that migrates this database; in the way may be [^"]+`)
	if status, body, _ := request(t, http.MethodGet, address+"/healthz"); status != http.StatusOK || body != "ok" {
		t.Errorf("/healthz: got %d %s, want %d ok", status, body, http.StatusOK)
	}
	if status, body, _ := request(t, http.MethodGet, address+"/readyz"); status != http.StatusServiceUnavailable || body != "migrating" {
		t.Errorf("/readyz: got %d %s, want %d migrating", status, body, http.StatusServiceUnavailable)
	}
	for _, path := range []string{"/hooks/shop", "/slack/events", "/teams/messages", "/nothing"} {
		if status, _, header := request(t, http.MethodPost, address+path); status != http.StatusServiceUnavailable ||
			header.Get("Retry-After") == "" {
			t.Errorf("%s: got %d, Retry-After %q; want %d and a time", path, status, header.Get("Retry-After"), http.StatusServiceUnavailable)
		}
	}
	stop()
	if err := storetest.Receive(t, ended, "the process has ended"); err != nil {
		t.Errorf("Serve, asked to end while it waits: got %v, want no error", err)
	}

	address, log, stop, ended = startProcess()
	log.waitFor(t, `waiting for another process`)
	must(other.Exec(t.Context(), `SELECT pg_advisory_unlock(4097083626)`))(t)
	log.waitFor(t, `msg=ready`)
	if status, body, _ := request(t, http.MethodGet, address+"/readyz"); status != http.StatusOK {
		t.Errorf("/readyz after the migration: got %d %s, want %d", status, body, http.StatusOK)
	}
	if status, _, _ := request(t, http.MethodPost, address+"/nothing"); status != http.StatusNotFound {
		t.Errorf("/nothing after the migration: got %d, want %d", status, http.StatusNotFound)
	}
	stop()
	if err := storetest.Receive(t, ended, "the process has ended"); err != nil {
		t.Errorf("Serve, asked to end: got %v, want no error", err)
	}
}
