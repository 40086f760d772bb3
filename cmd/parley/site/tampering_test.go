package site_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"parley/cmd/parley/site/sitetest"
)

// broken are values that nobody types: bytes that aren't text, numbers that are too large or mean nothing, SQL,
// paths, headers, and days that no calendar has.
func broken() []string {
	return []string{
		"\x00",
		"a\x00b",
		"\xff\xfe",
		"-1",
		"0",
		"99999999999999999999",
		"9223372036854775807",
		"-9223372036854775808",
		"1'; DROP TABLE agents; --",
		"' OR '1'='1",
		"../../etc/passwd",
		"a\r\nX-Evil: 1",
		"294277-01-01",
		"9223372036854775807.1.9223372036854775807",
		strings.Repeat("ab ", 1000),
	}
}

// isText reports whether a value is text that can be stored.
func isText(value string) bool { return utf8.ValidString(value) && !strings.Contains(value, "\x00") }

var inPath = regexp.MustCompile(`\{[a-z]+\}`)

// Broken values in an address are refused with what is wrong. Nothing is found, changed or stored by them, no request
// ends in an error of ours, and no value becomes a header.
// Requirement R-221: Pages for admins.
func TestTampering(t *testing.T) {
	t.Parallel()
	s := startEverything(t)
	fillHostile(t, s)
	ann := s.Visitor("ann@acme.test")
	names := namesInAddresses(s, everyPage(ann))
	before := exported(t, s)
	check := func(what, value string, a sitetest.Answer) {
		t.Helper()
		wantHarmless(t, what, a)
		if !isText(value) {
			wantStatus(t, what, a, http.StatusBadRequest)
		}
	}

	for _, r := range s.Pages.Routes() {
		method, pattern, _ := strings.Cut(r.Pattern, " ")
		for _, value := range broken() {
			what := r.Pattern + " with " + url.QueryEscape(value[:min(len(value), 30)])
			if strings.HasSuffix(pattern, "/sign-out") || strings.HasSuffix(pattern, "everywhere") {
				continue // nothing is read there
			}
			if inPath.MatchString(pattern) {
				a := ann.Do(method, inPath.ReplaceAllString(pattern, url.PathEscape(value)), nil, http.Header{"Sec-Fetch-Site": {"same-origin"}})
				check(what, value, a)
				if a.Status == http.StatusOK && value != "0" {
					t.Errorf("%s: there is such a thing", what)
				}
			}
			if path := requests()[r.Pattern]; r.Token == nil && method == http.MethodGet && !strings.HasSuffix(pattern, "/live") {
				path, _, _ = strings.Cut(path, "?")
				for _, name := range append(names[r.Pattern], "unknown") {
					if name == "unknown" && isText(value) {
						continue // no page reads it
					}
					check(what+" as "+name, value, ann.Get(path+"?"+url.Values{name: {value}}.Encode()))
				}
			}
		}
	}

	if after := exported(t, s); after != before {
		t.Errorf("the set-up was changed:\n%s", changed(before, after))
	}
}

// The test sends every form with bytes that aren't text, and with more than anybody types, in all of its fields at
// once.
// Requirement R-221: Pages for admins.
func TestBrokenForms(t *testing.T) {
	t.Parallel()
	s := startEverything(t)
	ann := s.Visitor("ann@acme.test")
	sent := map[string]bool{}
	before := exported(t, s)
	for _, page := range everyPage(ann) {
		for _, form := range page.Forms() {
			route := routeOf(s, form.Method, form.Action)
			fields := slices.DeleteFunc(form.Fields, func(c sitetest.Control) bool { return c.Name == "version" })
			if form.Method != http.MethodPost || sent[route] || strings.HasSuffix(route, "/pause") || len(fields) == 0 {
				continue
			}
			sent[route] = true
			long := 30_000
			if strings.HasSuffix(route, "/replies") {
				long = 300_000 // one with pictures in it may have half a megabyte
			}
			for _, value := range []string{"\x00", "\xff\xfe", strings.Repeat("ü", long)} {
				values := with(form.Values, nil)
				for _, c := range fields {
					values.Set(c.Name, value)
				}
				what := form.Action + " with " + url.QueryEscape(value[:1])
				a := ann.Post(form.Action, values)
				wantHarmless(t, what, a)
				if isTaken := a.Status == http.StatusSeeOther; isTaken && !slices.Contains(doing(), route) {
					t.Errorf("%s leads to %s, want a refusal", what, a.Header.Get("Location"))
				}
				if !isText(value) {
					wantStatus(t, what, a, http.StatusBadRequest)
				}
			}
		}
	}

	if after := exported(t, s); after != before {
		t.Errorf("the set-up was changed:\n%s", changed(before, after))
	}
}

// namesInAddresses lists, for each route, what links and forms of pages put into its address.
func namesInAddresses(s *sitetest.Site, pages map[string]sitetest.Answer) map[string][]string {
	names := map[string][]string{}
	add := func(address string, more ...string) {
		at, err := url.Parse(address)
		if err != nil {
			return
		}
		route := routeOf(s, http.MethodGet, at.Path)
		for name := range at.Query() {
			more = append(more, name)
		}
		for _, name := range more {
			if !slices.Contains(names[route], name) {
				names[route] = append(names[route], name)
			}
		}
	}

	for pattern, address := range requests() {
		if strings.HasPrefix(pattern, "GET ") {
			add(address)
		}
	}
	add("/inbox/99?act=1&before=1.1")
	add("/settings/log?after=1.1.1")
	for address, page := range pages {
		add(address)
		for _, link := range page.Links() {
			add(link)
		}
		for _, form := range page.Forms() {
			if form.Method == http.MethodGet {
				for _, c := range form.Fields {
					add(form.Action, c.Name)
				}
			}
		}
	}
	return names
}

// Nobody is led to another site by an address, by a form or by the page that was asked for before signing in, however
// it is written. The test leaves out the buttons of sign-in providers, whose addresses are Parley's own.
// Requirement R-221: Pages for admins.
func TestNoWayElsewhere(t *testing.T) {
	t.Parallel()
	s := startEverything(t)
	elsewhere := []string{
		"https://evil.test",
		"//evil.test",
		`/\evil.test`,
		`\\evil.test`,
		"/%5cevil.test",
		"https://" + strings.TrimPrefix(s.URL, "http://") + "@evil.test",
		"/settings?\r\nLocation: https://evil.test",
		"/inbox/%0d%0aLocation:%20https://evil.test",
	}

	ours := must(url.Parse(s.URL))(t)
	leads := func(what string, a sitetest.Answer) {
		t.Helper()
		to := a.Header.Get("Location")
		at, err := ours.Parse(to)
		if err != nil {
			t.Errorf("%s leads to %q: %v", what, to, err)
			return
		}
		isOurs := at.Host == ours.Host && at.Scheme == "http"
		looksElsewhere := strings.ContainsAny(to, "\\\r\n\t") || strings.HasPrefix(to, "//") // browsers may read it as another host
		if !isOurs || looksElsewhere {
			t.Errorf("%s leads to %q, want a page of the site", what, to)
		}
	}

	ann := s.Visitor("ann@acme.test")
	for _, evil := range elsewhere {
		query := url.Values{}
		for _, name := range []string{"next", "return", "return_to", "redirect", "redirect_uri", "url", "to", "back", "Location"} {
			query.Set(name, evil)
		}
		for pattern, path := range requests() {
			method, _, _ := strings.Cut(pattern, " ")
			leadsToProvider := strings.HasPrefix(path, "/auth/with/") && !strings.Contains(path, "back")
			endsSession := strings.HasPrefix(path, "/auth/sign-out")
			isStream := strings.HasSuffix(pattern, "live")
			wasSent := method == http.MethodPost && evil != elsewhere[1] // forms are sent with one of the addresses, which saves time
			if leadsToProvider || endsSession || isStream || wasSent {
				continue
			}
			path, _, _ = strings.Cut(path, "?")
			leads(pattern+" with "+evil, ann.Do(method, path+"?"+query.Encode(), nil, http.Header{
				"Sec-Fetch-Site":   {"same-origin"},
				"Referer":          {"https://evil.test/"},
				"X-Forwarded-Host": {"evil.test"},
			}))
		}

		eve := s.Visitor("")
		if at, err := url.Parse(evil); err == nil && strings.HasPrefix(evil, "/") {
			eve.Get("/settings?next=" + url.QueryEscape(evil))
			eve.Get(at.EscapedPath())
		}
		a := eve.Do(http.MethodPost, s.Link("ben@acme.test")+"?"+query.Encode(), query, http.Header{"Sec-Fetch-Site": {"same-origin"}})
		leads("signing in after "+evil, a)
	}
}
