package settings_test

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
	"parley/bot/web/settings"
	"parley/bridge"
)

// brokenLog is a desk whose log can't be read beyond its first page.
type brokenLog struct{ settings.RecordsDesk }

func (brokenLog) Log(_ context.Context, _ bridge.AgentID, _ settings.LogFilter, after string, size int) (settings.LogPage, error) {
	if after != "" {
		return settings.LogPage{}, errors.New("the database fails over")
	}
	return settings.LogPage{Rows: make([]settings.LogRow, size), Next: "the second page"}, nil
}

// longLog is a desk whose log has longLogPages pages.
type longLog struct{ settings.RecordsDesk }

const longLogPages = 3

func (longLog) Log(_ context.Context, _ bridge.AgentID, _ settings.LogFilter, after string, size int) (settings.LogPage, error) {
	next := map[string]string{"": "2", "2": "3"}[after]
	return settings.LogPage{Rows: make([]settings.LogRow, size), Next: next}, nil
}

// newSite starts the pages of a desk, with a token for the log.
func newSite(t *testing.T, desk settings.RecordsDesk) http.Handler {
	t.Helper()
	admin := web.Person{ID: 1, Admin: true}
	site, err := web.New(web.Options{
		Company: func(context.Context) string { return "Acme" },
		Log:     slog.New(slog.DiscardHandler),
		Areas:   []web.Area{settings.RecordsArea(desk)},
		Tokens: func(context.Context, string) (web.Holder, error) {
			return web.Holder{Token: 1, Scope: web.ScopeLog, Maker: admin}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return site.Handler()
}

// deadlines is the answer of a server that cuts answers off. It counts how often that moment is moved.
type deadlines struct {
	*httptest.ResponseRecorder

	moved int
}

// SetWriteDeadline is what http.ResponseController calls.
func (d *deadlines) SetWriteDeadline(time.Time) error {
	d.moved++
	return nil
}

func logRequest(t *testing.T, server, query string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server+"/api/log.csv?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer parley_x")
	return r
}

// However long a log is, its answer is not cut off while its pages go on being read.
func TestLongLogIsNotCutOff(t *testing.T) {
	t.Parallel()
	const pageRows, headLines = 2000, 1
	answer := &deadlines{ResponseRecorder: httptest.NewRecorder()}
	newSite(t, longLog{}).ServeHTTP(answer, logRequest(t, "", ""))
	if got, want := strings.Count(answer.Body.String(), "\n"), headLines+longLogPages*pageRows; got != want {
		t.Errorf("got %d lines with status %d, want %d", got, answer.Code, want)
	}
	if answer.moved != longLogPages {
		t.Errorf("the deadline was moved %d times, want once for each of %d pages", answer.moved, longLogPages)
	}
}

// A log that can't be read to its end doesn't look whole to the program that asked for it, and has no page of an error in it.
func TestBrokenLogBreaksOff(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(newSite(t, brokenLog{}))
	t.Cleanup(server.Close)
	answer, err := server.Client().Do(logRequest(t, server.URL, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err == nil {
		t.Errorf("the answer ends with status %d as if it were whole, want an error while it is read", answer.StatusCode)
	}
	if strings.Contains(string(body), "went wrong") {
		t.Errorf("the log ends with a page: %q", body[max(0, len(body)-200):])
	}
}

// A day that can't be read is no filter that is left out: the answer names it.
func TestLogOfWrongDays(t *testing.T) {
	t.Parallel()
	site := newSite(t, longLog{})
	for query, wrong := range map[string]string{
		"from=foo":         "The first day can't be read: “foo” isn't a day like 2026-11-23.",
		"until=2026-02-30": "The last day can't be read: “2026-02-30” isn't a day like 2026-11-23.",
		"to=2026-02-30":    "The last day can't be read: “2026-02-30” isn't a day like 2026-11-23.",
	} {
		answer := httptest.NewRecorder()
		site.ServeHTTP(answer, logRequest(t, "", query))
		if answer.Code != http.StatusBadRequest || !strings.HasPrefix(answer.Body.String(), wrong) {
			t.Errorf("%s: got status %d with %.200q, want %d with %q", query, answer.Code, answer.Body, http.StatusBadRequest, wrong)
		}
	}
}
