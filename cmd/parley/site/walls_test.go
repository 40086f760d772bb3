package site_test

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"parley/cmd/parley/site/sitetest"
)

// formAt finds a form of a page again, by where it is sent; nil if it is not there any more.
func formAt(page sitetest.Answer, action string) *sitetest.Form {
	for _, f := range page.Forms() {
		if f.Action == action {
			return &f
		}
	}
	return nil
}

// acts fails the test if something of an answer acts that is not the site's own, or if a text became a header.
func acts(t *testing.T, what string, a sitetest.Answer) {
	t.Helper()
	if a.Status >= http.StatusInternalServerError && a.Status != http.StatusBadGateway {
		t.Errorf("%s: %d", what, a.Status)
	}
	if list := a.Acting(hostileElement); strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") && len(list) > 0 {
		t.Errorf("%s: %q", what, list)
	}
	if a.Header.Get("X-Evil") != "" {
		t.Errorf("%s: a text became a header", what)
	}
}

// follow returns the page that a browser shows after an answer.
func follow(v *sitetest.Visitor, a sitetest.Answer) sitetest.Answer {
	if to := a.Header.Get("Location"); a.Status == http.StatusSeeOther && strings.HasPrefix(to, "/") {
		return v.Get(to)
	}
	return a
}

// typed reports whether somebody can send what she likes in a field, in a browser or without one. A secret is another test's.
func typed(c sitetest.Control) bool {
	return c.Kind != "password" && c.Kind != "file" && c.Name != "version" && c.Name != "form"
}

// hostileTexts are sent in each field: HTML where text is expected, HTML where HTML may stand, and an address that acts.
func hostileTexts(kind string) []string {
	if kind == "textarea" {
		return []string{hostile, `<p onclick="x">` + hostile + `<img src=x onerror=x><a href="javascript:alert(1)">x</a><svg onload=x></svg></p>`, "[x](javascript:alert(1)) ![" + hostile + "](data:text/html,x)"}
	}
	if kind == "url" {
		return []string{hostile, "javascript:alert(1)//" + hostileElement}
	}
	return []string{hostile}
}

// Script in every field of every form: what is sent, shown again, stored and shown elsewhere, told as a title, a remark or a
// problem is text, and nothing else; so is what customers and providers wrote, on every page and in every file. A form with
// a field that takes no part here fails the test, as does a route without a form.
//
func TestScriptInEveryField(t *testing.T) {
	t.Parallel()
	s := startEverything(t)
	fillHostile(t, s)
	ann := s.Visitor("ann@acme.test")
	pages := everyPage(ann)
	sent := map[string]bool{}
	for address, page := range pages {
		acts(t, address, page)
		for _, form := range page.Forms() {
			route := routeOf(s, form.Method, form.Action)
			if route == "" {
				t.Errorf("a form of %s is sent to %s, where nothing is", address, form.Action)
			}
			if strings.HasPrefix(route, "POST /auth/sign-out") || strings.HasSuffix(route, "/take-out") {
				continue
			}
			form.Fields = slices.DeleteFunc(form.Fields, func(c sitetest.Control) bool { // accounts of one kind, and tags, are alike
				seen := sent[route+" "+c.Name]
				sent[route+" "+c.Name] = true
				return seen || !typed(c)
			})
			sent[route] = true
			scriptInForm(t, ann, address, form)
		}
	}
	for address, a := range everyPage(ann) {
		acts(t, address+", after everything was sent", a)
	}
	for _, address := range []string{"/settings/log.csv", "/settings/dashboard/figures.csv"} {
		noFormula(t, address, ann.Get(address))
	}
	for _, r := range s.Pages.Routes() {
		left := append(later(), "POST /auth/link/{link}", "POST /auth/sign-out", "POST /auth/sign-out-everywhere",
			"POST /settings/stuck/{delivery}/decide", "POST /settings/numbers/{name}/webhook", "POST /settings/first-steps/disconnect",
			"POST /settings/first-steps/members", "POST /inbox/{id}/reply") // this world has nothing of which they would be shown: see their own tests
		if strings.HasPrefix(r.Pattern, "POST ") && !strings.HasSuffix(r.Pattern, "/take-out") && !slices.Contains(left, r.Pattern) && !sent[r.Pattern] {
			t.Errorf("%s: no form of any page is sent there", r.Pattern)
		}
	}
}

// scriptInForm sends a form with a hostile text in one field after the other. Names come last: they may rename the page.
func scriptInForm(t *testing.T, ann *sitetest.Visitor, address string, form sitetest.Form) {
	t.Helper()
	slices.SortStableFunc(form.Fields, func(a, b sitetest.Control) int { return rankOf(a) - rankOf(b) })
	stale := true
	for _, field := range form.Fields {
		for _, text := range hostileTexts(field.Kind) {
			if stale { // the last one was stored
				now := formAt(ann.Get(address), form.Action)
				if now == nil {
					return // a name of the page was changed, or what the form was about is done
				}
				form.Values = now.Values
			}
			values := with(form.Values, url.Values{field.Name: {text}})
			what := form.Action + " with script in " + field.Name
			a := ann.Do(form.Method, at(form, values), body(form, values), http.Header{"Sec-Fetch-Site": {"same-origin"}})
			acts(t, what, a)
			if stale = a.Header.Get("Location") != ""; stale {
				acts(t, what+", shown after it", follow(ann, a))
			}
		}
	}
}

func rankOf(c sitetest.Control) int {
	return slices.Index([]string{"name", "accounts"}, c.Name)
}

// at is the address to which a form is sent with its values.
func at(form sitetest.Form, values url.Values) string {
	if form.Method == http.MethodGet {
		return form.Action + "?" + values.Encode()
	}
	return form.Action
}

// body is what a form is sent with.
func body(form sitetest.Form, values url.Values) url.Values {
	if form.Method == http.MethodGet {
		return nil
	}
	return values
}

// everyPage opens every page: those to which links lead, and those of the table of routes.
func everyPage(v *sitetest.Visitor) map[string]sitetest.Answer {
	from := []string{"/settings"}
	for pattern, address := range requests() {
		if strings.HasPrefix(pattern, "GET ") && !strings.HasPrefix(pattern, "GET /auth/") && !strings.HasSuffix(pattern, "live") {
			from = append(from, address)
		}
	}
	return pagesOf(v, append(from, "/settings/erase?contact=1")...)
}

// noFormula fails the test if a spreadsheet would take a cell of a file for a formula.
func noFormula(t *testing.T, address string, a sitetest.Answer) {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(a.Body)).ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("%s: %d rows, %v", address, len(rows), err)
	}
	seen := false
	for _, row := range rows {
		for _, cell := range row {
			seen = seen || strings.Contains(cell, hostileElement)
			if _, err := strconv.Atoi(cell); err != nil && strings.ContainsAny(cell[:min(len(cell), 1)], "=+-@\t\r\n") {
				t.Errorf("%s: a formula: %s", address, cell)
			}
		}
	}
	if !seen {
		t.Errorf("%s has nothing hostile in it", address)
	}
}
