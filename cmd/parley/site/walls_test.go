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

// formAt finds the form of a page that is sent to action. It is nil if there is none any more.
func formAt(page sitetest.Answer, action string) *sitetest.Form {
	for _, f := range page.Forms() {
		if f.Action == action {
			return &f
		}
	}
	return nil
}

// wantHarmless fails the test if a page runs something that isn't the site's own, if a text became a header, or if
// the answer is an error of Parley's.
func wantHarmless(t *testing.T, what string, a sitetest.Answer) {
	t.Helper()
	if a.Status >= http.StatusInternalServerError && a.Status != http.StatusBadGateway {
		t.Errorf("%s: status %d, want no error of Parley's", what, a.Status)
	}
	isPage := strings.HasPrefix(a.Header.Get("Content-Type"), "text/html")
	if list := a.Acting(hostileElement); isPage && len(list) > 0 {
		t.Errorf("%s: the page has what acts: %q", what, list)
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

// typed reports whether somebody can send any text in a field, in a browser or without one. Other tests send secrets.
func typed(c sitetest.Control) bool {
	return c.Kind != "password" && c.Kind != "file" && c.Name != "version" && c.Name != "form"
}

// hostileTexts are sent in each field: HTML where text is expected, HTML where HTML is allowed, and an address that
// is a script.
func hostileTexts(kind string) []string {
	if kind == "textarea" {
		return []string{
			hostile,
			`<p onclick="x">` + hostile + `<img src=x onerror=x><a href="javascript:alert(1)">x</a><svg onload=x></svg></p>`,
			"[x](javascript:alert(1)) ![" + hostile + "](data:text/html,x)",
		}
	}
	if kind == "url" {
		return []string{hostile, "javascript:alert(1)//" + hostileElement}
	}
	return []string{hostile}
}

// A script that is sent in any field of any form stays text: when it is shown again, stored, shown elsewhere, or part
// of a title, a remark or a problem. So do the texts of customers and providers, on every page and in every file. The
// test also fails if a form is sent to no route, or if no form is sent to a route.
// Requirement R-221: Pages for admins.
func TestScriptInEveryField(t *testing.T) {
	t.Parallel()
	s := startEverything(t)
	fillHostile(t, s)
	ann := s.Visitor("ann@acme.test")
	pages := everyPage(ann)

	found, sent := map[string]bool{}, map[string]bool{} // fields, each as its route and its name; sent has routes, too
	for address, page := range pages {
		wantHarmless(t, address, page)
		for _, form := range page.Forms() {
			route := routeOf(s, form.Method, form.Action)
			if route == "" {
				t.Errorf("a form of %s is sent to %s, where nothing is", address, form.Action)
			}
			if strings.HasPrefix(route, "POST /auth/sign-out") || strings.HasSuffix(route, "/take-out") {
				continue
			}

			// Each field of a route is sent once, because accounts of one kind, and tags, have the same form.
			form.Fields = slices.DeleteFunc(form.Fields, func(c sitetest.Control) bool { return sent[route+" "+c.Name] || !typed(c) })
			sent[route] = sent[route] || len(form.Fields) == 0
			for _, c := range form.Fields {
				found[route+" "+c.Name] = true
			}
			for _, name := range scriptInForm(t, ann, address, form) {
				sent[route], sent[route+" "+name] = true, true
			}
		}
	}
	for field := range found {
		if !sent[field] {
			t.Errorf("no script is sent in the field %s", field)
		}
	}

	for address, a := range everyPage(ann) {
		wantHarmless(t, address+", after everything was sent", a)
	}
	for _, address := range []string{"/settings/log.csv", "/settings/dashboard/figures.csv"} {
		noFormula(t, address, ann.Get(address))
	}

	for _, r := range s.Pages.Routes() {
		isForm := strings.HasPrefix(r.Pattern, "POST ") && !strings.HasSuffix(r.Pattern, "/take-out")
		if isForm && !sent[r.Pattern] && !slices.Contains(withoutForm(), r.Pattern) {
			t.Errorf("no form of any page is sent to %s", r.Pattern)
		}
	}
}

// withoutForm lists the routes to which the site of everything sends no form with texts. They come after another
// form, sign somebody in or out, or have nothing to show on that site. They have tests of their own.
func withoutForm() []string {
	return append(later(),
		"POST /auth/link/{link}",
		"POST /auth/sign-out",
		"POST /auth/sign-out-everywhere",
		"POST /settings/stuck/{delivery}/decide",
		"POST /settings/accounts/{name}/webhook",
		"POST /settings/first-steps/disconnect",
		"POST /settings/first-steps/members",
		"POST /inbox/{id}/reply",
	)
}

// scriptInForm sends a form with a hostile text in one field after the other, and returns the names of these fields. Names
// come last, because they may change the address of the page.
func scriptInForm(t *testing.T, ann *sitetest.Visitor, address string, form sitetest.Form) (fields []string) {
	t.Helper()
	slices.SortStableFunc(form.Fields, func(a, b sitetest.Control) int { return rankOf(a) - rankOf(b) })
	stale := true
	for _, field := range form.Fields {
		for _, text := range hostileTexts(field.Kind) {
			if stale { // the last text was stored, so the form has a new version
				now := formAt(ann.Get(address), form.Action)
				if now == nil {
					return fields // a name of the page was changed, or what the form was about is done
				}
				form.Values = now.Values
			}

			values := with(form.Values, url.Values{field.Name: {text}})
			what := form.Action + " with script in " + field.Name
			a := ann.Do(form.Method, at(form, values), body(form, values), http.Header{"Sec-Fetch-Site": {"same-origin"}})
			wantHarmless(t, what, a)
			if stale = a.Header.Get("Location") != ""; stale {
				wantHarmless(t, what+", shown after it", follow(ann, a))
			}
		}
		fields = append(fields, field.Name)
	}
	return fields
}

func rankOf(c sitetest.Control) int { return slices.Index([]string{"name", "accounts"}, c.Name) }

// at is the address to which a form is sent with its values.
func at(form sitetest.Form, values url.Values) string {
	if form.Method == http.MethodGet {
		return form.Action + "?" + values.Encode()
	}
	return form.Action
}

// body is the body with which a form is sent.
func body(form sitetest.Form, values url.Values) url.Values {
	if form.Method == http.MethodGet {
		return nil
	}
	return values
}

// everyPage opens every page: those to which links lead, and those of the list of requests.
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
	if err != nil {
		t.Fatalf("%s is no CSV: %v", address, err)
	}
	if len(rows) < 2 {
		t.Fatalf("%s has %d rows, want a heading and at least one row", address, len(rows))
	}

	seen := false
	for _, row := range rows {
		for _, cell := range row {
			seen = seen || strings.Contains(cell, hostileElement)
			if _, err := strconv.Atoi(cell); err != nil && strings.ContainsAny(cell[:min(len(cell), 1)], "=+-@\t\r\n") {
				t.Errorf("%s has the cell %q, which a spreadsheet takes for a formula", address, cell)
			}
		}
	}
	if !seen {
		t.Errorf("%s has no text of a customer, so this test shows nothing", address)
	}
}
