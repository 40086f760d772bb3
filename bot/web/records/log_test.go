package records_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parley/bot/web"
	"parley/bot/web/records"
)

// torn is a desk whose log can be read up to its second page.
type torn struct{ records.Desk }

// Log implements records.Desk.
func (torn) Log(_ context.Context, _ records.LogFilter, after string, size int) (records.LogPage, error) {
	if after != "" {
		return records.LogPage{}, errors.New("the database fails over")
	}
	return records.LogPage{Rows: make([]records.LogRow, size), Next: "the second page"}, nil
}

// open starts the pages of a desk, with a token for the log.
func open(t *testing.T, desk records.Desk) http.Handler {
	t.Helper()
	admin := web.Person{ID: 1, Admin: true}
	site, err := web.New(web.Options{
		Company: func(context.Context) string { return "Acme" },
		Log:     slog.New(slog.DiscardHandler),
		Areas:   []web.Area{records.Area(desk)},
		Tokens: func(context.Context, string) (web.Holder, error) {
			return web.Holder{Token: 1, Scope: web.ScopeLog, Maker: admin}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return site.Handler()
}

// long is a desk whose log has three pages.
type long struct{ records.Desk }

// Log implements records.Desk.
func (long) Log(_ context.Context, _ records.LogFilter, after string, size int) (records.LogPage, error) {
	next := map[string]string{"": "2", "2": "3"}[after]
	return records.LogPage{Rows: make([]records.LogRow, size), Next: next}, nil
}

// limited is the answer of a server that cuts answers off; it counts how often that moment is moved.
type limited struct {
	*httptest.ResponseRecorder

	moved int
}

// SetWriteDeadline is what http.ResponseController calls.
func (l *limited) SetWriteDeadline(time.Time) error {
	l.moved++
	return nil
}

// However long a log is, it is not cut off while its pages go on being read.
func TestLongLogIsNotCutOff(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/log.csv", nil)
	r.Header.Set("Authorization", "Bearer parley_x")
	answer := &limited{ResponseRecorder: httptest.NewRecorder()}
	open(t, long{}).ServeHTTP(answer, r)
	if lines := strings.Count(answer.Body.String(), "\n"); lines != 3*2000+1 || answer.moved != 3 {
		t.Errorf("%d: %d lines, and it was given time %d times", answer.Code, lines, answer.moved)
	}
}

// A log that can't be read to its end doesn't look whole to the program that asked for it, and has no page of an error in it.
func TestTornLogBreaksOff(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(open(t, torn{}))
	t.Cleanup(server.Close)

	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/api/log.csv", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer parley_x")
	answer, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err == nil || strings.Contains(string(body), "went wrong") {
		t.Errorf("%d, %d bytes, which end with %q: %v", answer.StatusCode, len(body), body[max(0, len(body)-200):], err)
	}
}
