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

// A log that can't be read to its end doesn't look whole to the program that asked for it, and has no page of an error in it.
func TestTornLogBreaksOff(t *testing.T) {
	t.Parallel()
	admin := web.Person{ID: 1, Admin: true}
	site, err := web.New(web.Options{
		Company: func(context.Context) string { return "Acme" },
		Log:     slog.New(slog.DiscardHandler),
		Areas:   []web.Area{records.Area(torn{})},
		Tokens: func(context.Context, string) (web.Holder, error) {
			return web.Holder{Token: 1, Scope: web.ScopeLog, Maker: admin}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(site.Handler())
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
