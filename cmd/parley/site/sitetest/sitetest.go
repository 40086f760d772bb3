// Package sitetest helps to test Parley's website. It starts the site on a separate database and opens its pages with plain
// HTTP requests or in Chromium. For example:
//
//	s := sitetest.Start(t, sitetest.Acme)
//	page := s.Visitor("ann@acme.test").Get("/settings/accounts")
//	if !page.Has("support-mail") { … }
package sitetest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bot/web"
	"parley/bridge/setup"
	"parley/channels/emulator"
	"parley/channels/wire"
	"parley/cmd/parley/app"
	"parley/cmd/parley/operate"
	"parley/cmd/parley/site"
	"parley/store"
	"parley/store/storetest"
)

// Site is a running site with a database of its own, for one test. Tests use it through a Visitor, which sends HTTP requests
// and reads HTML, or through a Browser, which is a real Chromium and runs scripts.
type Site struct {
	T     testing.TB
	Pool  *pgxpool.Pool
	URL   string
	Pages *web.Site

	transport http.RoundTripper // used by visitors
}

// Acme is a configuration (parley.yaml) of a company with an admin, an agent, a team and two accounts.
const Acme = `
company: Acme
agents:
  - {email: ann@acme.test, name: Ann Lee, roles: [admin], zone: Europe/Berlin, slack: U0ANN}
  - {email: ben@acme.test, name: Ben Osei, roles: [agent], slack: U0BEN}
teams:
  - {name: Support, members: [ann@acme.test, ben@acme.test], slack_channel: C0SUPPORT}
accounts:
  - name: support-mail
    kind: email
    team: Support
    email:
      address: help@acme.test
      imap: {host: imap.acme.test, username: help, password: "imap-tops3cret"}
      smtp: {host: smtp.acme.test, username: help, password: "smtp-tops3cret"}
  - {name: shop, kind: http, team: Support, mode: trial, http: {secret: "shop-tops3cret-key", callback_url: "https://shop.test/parley"}}
`

// Secrets returns the passwords and keys in Acme, which no page may show.
func Secrets() []string { return []string{"imap-tops3cret", "smtp-tops3cret", "shop-tops3cret-key"} }

// Sealer returns a sealer that encrypts secrets with a fixed key.
func Sealer(t testing.TB) *store.Sealer {
	t.Helper()
	s, err := store.NewSealer("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Start starts a site on a database of its own and applies yaml, a parley.yaml. The functions in change can adjust the
// options of the site. The site stops when the test ends.
func Start(t testing.TB, yaml string, change ...func(*site.Options)) *Site {
	t.Helper()
	s := &Site{T: t, Pool: storetest.Reused(t)}
	s.Apply(yaml)
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.URL, s.transport = server.URL, server.Client().Transport
	o := site.Options{
		Pool:       s.Pool,
		Sealer:     Sealer(t),
		BaseURL:    server.URL,
		Log:        slog.New(slog.DiscardHandler),
		Specs:      app.Specs(),
		Signatures: operate.NewForPages(wire.New()),
		Operations: site.Operations{Examine: func(context.Context) (operate.InspectReport, error) { return operate.InspectReport{}, nil }},
	}
	for _, c := range change {
		c(&o)
	}

	pages, err := site.New(o)
	if err != nil {
		t.Fatal(err)
	}

	s.Pages = pages
	mux.Handle("/", pages.Handler())
	return s
}

// Secure serves the site over https from now on, with a certificate that visitors trust.
func (s *Site) Secure() {
	server := httptest.NewTLSServer(s.Pages.Handler())
	s.T.Cleanup(server.Close)
	s.URL, s.transport = server.URL, server.Client().Transport
}

// At returns a Site for a Parley that is already running at url. Its field Pages is nil.
func At(t testing.TB, pool *pgxpool.Pool, url string) *Site {
	return &Site{T: t, Pool: pool, URL: url, transport: emulator.NewClient().Transport}
}

// Apply applies a parley.yaml, like the command parley apply.
func (s *Site) Apply(yaml string) {
	s.T.Helper()
	file, err := setup.Parse([]byte(yaml), os.LookupEnv)
	if err == nil {
		_, err = setup.Apply(s.T.Context(), s.Pool, file, setup.Options{Sealer: Sealer(s.T), Specs: app.Specs(), Operator: true})
	}
	if err != nil {
		s.T.Fatalf("apply:\n%v", err)
	}
}

// Visitor is an HTTP client with the cookies of one person. It doesn't follow redirects, so that tests can check them.
type Visitor struct {
	site   *Site
	client *http.Client
}

// Visitor returns a new visitor who is signed in as the agent with an email address, or not signed in if email is "".
func (s *Site) Visitor(email string) *Visitor {
	s.T.Helper()
	jar, _ := cookiejar.New(nil) // never fails
	v := &Visitor{s, &http.Client{
		Timeout:       2 * time.Minute,
		Jar:           jar,
		Transport:     s.transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if email != "" {
		if a := v.Post(s.Link(email), nil); a.Status != http.StatusSeeOther {
			s.T.Fatalf("signing in as %s: %d %s", email, a.Status, a.Body)
		}
	}
	return v
}

// Cookie returns the visitor's session cookie, for tests that use another HTTP client.
func (v *Visitor) Cookie() *http.Cookie {
	v.site.T.Helper()
	siteURL, err := url.Parse(v.site.URL)
	if err != nil {
		v.site.T.Fatal(err)
	}
	for _, c := range v.client.Jar.Cookies(siteURL) {
		return c
	}
	v.site.T.Fatal("there is no session")
	return nil
}

// Link returns the path of a new link that signs an agent in once.
func (s *Site) Link(email string) string {
	s.T.Helper()
	person, err := store.FindPersonByEmail(s.T.Context(), s.Pool, email)
	if err != nil {
		s.T.Fatal(err)
	}
	secret, err := store.NewSignInLink(s.T.Context(), s.Pool, &person.ID, time.Hour)
	if err != nil {
		s.T.Fatal(err)
	}
	return "/auth/link/" + secret
}

// FirstLink returns the path of a new link that makes its user the first admin.
func (s *Site) FirstLink() string {
	s.T.Helper()
	link, err := site.FirstLink(s.T.Context(), s.Pool, s.URL)
	if err != nil || link == "" {
		s.T.Fatalf("no link for the first admin: %v", err)
	}
	return strings.TrimPrefix(link, s.URL)
}

// Answer is a response of the site.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Has reports whether the page's HTML source contains a text. Apostrophes in it also match their HTML escape.
func (a Answer) Has(text string) bool {
	return strings.Contains(a.Body, text) || strings.Contains(strings.ReplaceAll(a.Body, "&#39;", "'"), text)
}

// Get requests a page. It doesn't follow redirects.
func (v *Visitor) Get(path string) Answer { return v.Do(http.MethodGet, path, nil, nil) }

// Post sends a form, as a page of the site does.
func (v *Visitor) Post(path string, form url.Values) Answer {
	return v.Do(http.MethodPost, path, form, http.Header{"Sec-Fetch-Site": {"same-origin"}})
}

// Upload sends a form with files, encoded as multipart/form-data.
func (v *Visitor) Upload(path string, form url.Values, files ...File) Answer {
	v.site.T.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	var errs []error
	for name, values := range form {
		for _, value := range values {
			errs = append(errs, w.WriteField(name, value))
		}
	}

	for _, f := range files {
		part, err := w.CreatePart(map[string][]string{
			"Content-Disposition": {multipart.FileContentDisposition(cmp.Or(f.Field, "file"), f.Name)},
			"Content-Type":        {f.Type},
		})
		if err == nil {
			_, err = part.Write(f.Content)
		}
		errs = append(errs, err)
	}

	if err := errors.Join(append(errs, w.Close())...); err != nil {
		v.site.T.Fatal(err)
	}

	return v.send(http.MethodPost, path, &body, http.Header{"Sec-Fetch-Site": {"same-origin"}, "Content-Type": {w.FormDataContentType()}})
}

// File is a file that a person selects in a form.
type File struct {
	Field      string // the name of the form's field; "" means "file"
	Name, Type string
	Content    []byte
}

// Do sends a request with headers. A form is sent as the URL-encoded body; a POST always has one.
func (v *Visitor) Do(method, path string, form url.Values, header http.Header) Answer {
	v.site.T.Helper()
	if form == nil && method != http.MethodPost {
		return v.send(method, path, nil, header)
	}
	all := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	maps.Copy(all, header)
	return v.send(method, path, strings.NewReader(form.Encode()), all)
}

// Send sends a request with an arbitrary body.
func (v *Visitor) Send(method, path string, body io.Reader, header http.Header) Answer {
	v.site.T.Helper()
	return v.send(method, path, body, header)
}

// send sends a request and reads the whole response. It ends the test if this fails.
func (v *Visitor) send(method, path string, body io.Reader, header http.Header) Answer {
	v.site.T.Helper()
	r, err := http.NewRequestWithContext(v.site.T.Context(), method, v.site.URL+path, body)
	if err != nil {
		v.site.T.Fatal(err)
	}

	maps.Copy(r.Header, header)

	response, err := v.client.Do(r)
	if err != nil {
		v.site.T.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		v.site.T.Fatal(err)
	}

	return Answer{response.StatusCode, response.Header, string(text)}
}

// Version returns the value of the form field "version" in a page. It identifies the version of the configuration entry that
// the page shows, so that the site can detect concurrent changes.
func (a Answer) Version() string {
	_, rest, _ := strings.Cut(a.Body, `name="version" value="`)
	version, _, _ := strings.Cut(rest, `"`)
	return version
}
