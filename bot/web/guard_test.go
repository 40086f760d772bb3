package web_test

import (
	"bytes"
	"context"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"parley/bot/web"
)

// serve answers one request to a site with a few routes: as a stranger, or, at those for programs, as Ann.
func serve(t *testing.T, w http.ResponseWriter, r *http.Request, routes ...web.Route) {
	t.Helper()
	site, err := web.New(web.Options{
		Company: func(context.Context) string { return "Acme" },
		Log:     slog.New(slog.DiscardHandler),
		Areas:   []web.Area{{Name: "acme", Routes: routes}},
		Tokens: func(context.Context, string) (web.Holder, error) {
			return web.Holder{Token: 1, Scope: web.ScopeSetup, Maker: web.Person{ID: 1, Admin: true}}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer parley_x")
	site.Handler().ServeHTTP(w, r)
}

// withFile makes the request of a form with a file of some size, and with a text.
func withFile(t *testing.T, method, path string, size int, text string) *http.Request {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("picture", "logo.png")
	if err == nil {
		_, err = part.Write(make([]byte, size))
	}
	if err == nil {
		err = form.WriteField("signature", text)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, path, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return r
}

// Nothing of the files that somebody sends stays on the disk, whoever sends them, by whatever method, also beside a text that
// can't be stored. A stranger's large file isn't even read.
func TestFilesOfFormsAreRemoved(t *testing.T) { //nolint:paralleltest // it changes the environment
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	written := 0
	do := func(v *web.Visit) error {
		if v.Request.MultipartForm != nil {
			written++
		}
		return v.Go("/settings")
	}
	routes := []web.Route{
		{Pattern: "GET /auth/sign-in", For: web.Anyone, Do: do},
		{Pattern: "POST /auth/sign-in", For: web.Anyone, Do: do},
		{Pattern: "POST /api/me", Token: &web.ByToken{Scopes: []web.Scope{web.ScopeSetup}}, Do: do},
	}
	for _, c := range []struct {
		method, path string
		size         int
		text         string
		status       int
	}{
		{http.MethodGet, "/auth/sign-in", 20 << 20, "\xff", http.StatusRequestEntityTooLarge},
		{http.MethodPost, "/auth/sign-in", 20 << 20, "Ann", http.StatusRequestEntityTooLarge},
		{http.MethodPost, "/api/me", 2 << 20, "\xff", http.StatusBadRequest},
		{http.MethodPost, "/api/me", 2 << 20, "Ann", http.StatusSeeOther},
	} {
		answer := httptest.NewRecorder()
		serve(t, answer, withFile(t, c.method, c.path, c.size, c.text), routes...)
		if answer.Code != c.status {
			t.Errorf("%s %s, %d bytes beside %q: %d", c.method, c.path, c.size, c.text, answer.Code)
		}
		left, err := os.ReadDir(folder)
		if err != nil || len(left) > 0 {
			t.Errorf("%s %s, %d bytes beside %q: %d files are left, %v", c.method, c.path, c.size, c.text, len(left), err)
		}
	}
	if written != 1 {
		t.Errorf("%d forms with files were handled", written)
	}
}

// limited is the answer of a server that cuts answers off.
type limited struct {
	*httptest.ResponseRecorder

	until time.Time
}

// SetWriteDeadline is what http.ResponseController calls.
func (l *limited) SetWriteDeadline(until time.Time) error {
	l.until = until
	return nil
}

// A page that may take long is not cut off by the server's limit for answers; others keep that limit.
func TestLongPagesAreNotCutOff(t *testing.T) {
	t.Parallel()
	answer := func(streams bool) (left time.Duration) {
		l := &limited{ResponseRecorder: httptest.NewRecorder()}
		serve(t, l, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/settings/health", nil), web.Route{
			Pattern: "GET /settings/health", Token: &web.ByToken{Scopes: []web.Scope{web.ScopeSetup}}, Streams: streams,
			Do: func(*web.Visit) error {
				left = time.Until(l.until)
				return nil
			},
		})
		return left
	}
	if left := answer(true); left < 10*time.Minute {
		t.Errorf("a page that examines everything has %s", left)
	}
	if left := answer(false); left > 0 {
		t.Errorf("another page has %s", left)
	}
}
