package web_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"parley/bot/web"
)

// serve answers one request to a site with a few routes. The request is a stranger's, or Ann's at routes for
// programs.
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

// postedFile is a request whose form has a file of this size and a text.
func postedFile(t *testing.T, method, path string, size int, text string) *http.Request {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("picture", "logo.png")
	if err != nil {
		t.Fatal(err)
	}
	_, errWrite := part.Write(make([]byte, size))
	if err := errors.Join(errWrite, form.WriteField("signature", text), form.Close()); err != nil {
		t.Fatal(err)
	}

	r := httptest.NewRequestWithContext(t.Context(), method, path, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return r
}

// The files that somebody sends in a form don't stay on the disk. That holds for strangers and programs, for all
// methods, and beside a text that can't be stored. A stranger's large file isn't even read.
func TestFilesOfFormsAreRemoved(t *testing.T) { //nolint:paralleltest // it changes the environment
	const size = 2 << 20 // bytes: more than a stranger may send, and less than a program may
	const invalidUTF8 = "\xff"
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)

	formsWithFiles := 0
	do := func(v *web.Visit) error {
		if v.Request.MultipartForm != nil {
			formsWithFiles++
		}
		return v.Go("/settings")
	}
	routes := []web.Route{
		{Pattern: "GET /auth/sign-in", For: web.Anyone, Do: do},
		{Pattern: "POST /auth/sign-in", For: web.Anyone, Do: do},
		{Pattern: "POST /api/me", Token: &web.ByToken{Scopes: []web.Scope{web.ScopeSetup}}, Do: do},
	}

	for _, tt := range []struct {
		method     string
		path       string
		text       string
		wantStatus int
	}{
		// A stranger.
		{method: http.MethodGet, path: "/auth/sign-in", text: invalidUTF8, wantStatus: http.StatusRequestEntityTooLarge},
		{method: http.MethodPost, path: "/auth/sign-in", text: "Ann", wantStatus: http.StatusRequestEntityTooLarge},

		// A program. Only the last form reaches its route.
		{method: http.MethodPost, path: "/api/me", text: invalidUTF8, wantStatus: http.StatusBadRequest},
		{method: http.MethodPost, path: "/api/me", text: "Ann", wantStatus: http.StatusSeeOther},
	} {
		name := fmt.Sprintf("%s %s, beside %q", tt.method, tt.path, tt.text)
		answer := httptest.NewRecorder()
		serve(t, answer, postedFile(t, tt.method, tt.path, size, tt.text), routes...)
		if answer.Code != tt.wantStatus {
			t.Errorf("%s: got status %d, want %d", name, answer.Code, tt.wantStatus)
		}

		left, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		if len(left) > 0 {
			t.Errorf("%s: %d files are left, want none", name, len(left))
		}
	}

	if formsWithFiles != 1 {
		t.Errorf("%d forms with files reached their route, want only the last one", formsWithFiles)
	}
}

// setupRoutes are two routes for programs, at one path.
func setupRoutes() []web.Route {
	do := func(v *web.Visit) error { return v.Go("/settings") }
	token := &web.ByToken{Scopes: []web.Scope{web.ScopeSetup}}
	return []web.Route{
		{Pattern: "GET /api/v1/setup", Token: token, Do: do},
		{Pattern: "PUT /api/v1/setup", Token: token, Do: do},
	}
}

// askSetup sends a request without a body to setupRoutes.
func askSetup(t *testing.T, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	answer := httptest.NewRecorder()
	serve(t, answer, httptest.NewRequestWithContext(t.Context(), method, path, nil), setupRoutes()...)
	return answer
}

func wantStatus(t *testing.T, answer *httptest.ResponseRecorder, want int) {
	t.Helper()
	if answer.Code != want {
		t.Errorf("got status %d, want %d", answer.Code, want)
	}
}

// wantHeader checks a header of an answer; "" means that it isn't there.
func wantHeader(t *testing.T, answer *httptest.ResponseRecorder, name, want string) {
	t.Helper()
	if got := answer.Header().Get(name); got != want {
		t.Errorf("got %s %q, want %q", name, got, want)
	}
}

const plainText = "text/plain; charset=utf-8"

// setupPaths are the present path of setupRoutes and its first one.
func setupPaths() []string { return []string{"/api/v1/setup", "/api/setup"} }

// A method that a path for programs doesn't have is refused in plain text, and the answer names the methods that it
// has.
func TestOtherMethodsForPrograms(t *testing.T) {
	t.Parallel()
	for _, path := range setupPaths() {
		for _, method := range []string{http.MethodDelete, http.MethodPost} {
			t.Run(method+path, func(t *testing.T) {
				t.Parallel()
				answer := askSetup(t, method, path)
				wantStatus(t, answer, http.StatusMethodNotAllowed)
				wantHeader(t, answer, "Allow", "GET, HEAD, PUT")
				wantHeader(t, answer, "Content-Type", plainText)
			})
		}
	}
}
