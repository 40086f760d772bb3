package site_test

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"

	"parley/store"
	"parley/store/measure"
)

// A file has no place for such words: it is refused, and the answer says why.
func TestFileOfOddFilters(t *testing.T) {
	t.Parallel()
	f := newFigures(t)
	ann := f.site.Visitor("ann@acme.test")
	p := newProgram(f.site, newToken(t, ann, figuresScope))
	for query, wrong := range map[string]string{
		"from=foo":                      "write both the first and the last one",
		"from=2026-11-31&to=2026-12-01": "“2026-11-31” is no day like 2026-11-23.",
		"from=2026-11-01&to=2026-11-31": "“2026-11-31” is no day",
		"from=2026-02-01&to=2026-01-01": "the last one, 2026-01-01, is before the first, 2026-02-01.",
		"days=foo":                      "“foo” is no number of days from 1 to 800.",
		"agent=1&tag=Sales":             "not for both at once",
	} {
		a := p.get("/api/figures.csv?" + query)
		if a.Status != http.StatusBadRequest || !a.Has(wrong) || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/plain") {
			t.Errorf("%s: %d %.200q, want %d in plain text with %q", query, a.Status, a.Body, http.StatusBadRequest, wrong)
		}
		if a := ann.Get("/settings/dashboard/figures.csv?" + query); a.Status != http.StatusBadRequest || !a.Has(wrong) {
			t.Errorf("%s in the browser: %d, want %d with %q", query, a.Status, http.StatusBadRequest, wrong)
		}
	}
}

// the file has what the page has, and no name in it is a formula.
func TestFiguresAsFile(t *testing.T) {
	t.Parallel()
	f := newFigures(t)
	f.some()
	f.keep(4713, "x", measure.Labels{Tags: []string{`=cmd|'/c calc'!A1`}}, measure.Share{Day: daysAgo(1), TeamID: store.TeamID(f.support), AccountID: store.AccountID(f.mail), Figures: measure.Figures{Opened: 5}})
	a := f.site.Visitor("ann@acme.test").Get("/settings/dashboard/figures.csv?days=7&hours=all")
	rows, err := csv.NewReader(strings.NewReader(a.Body)).ReadAll()
	if err != nil || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/csv") {
		t.Fatalf("%v\n%s", err, a.Body)
	}
	var got []string
	for _, r := range rows {
		got = append(got, strings.Join(r, " "))
	}
	all := strings.Join(got, "\n")
	for _, want := range []string{"day " + daysAgo(1) + " 6 0 0 0 1 0 0 0 0 0 0   ", "agent Ben Osei 0 0 1 0 0 1 1 7200 0 0 90000 7200  90000", "team Billing 1 0 0 0 1 3 1 60 2 600 0 60 300 ",
		"tag '=cmd|'/c calc'!A1 5 0 0 0 0 0 0 0 0 0 0   ", "mood negative 1 0 0 0 1 3 1 60 2 600 0 60 300 ", "intent order status 1 0 1 0 2 1 1 7200 0 0 90000 7200  90000"} {
		if !strings.Contains(all, want+"\n") && !strings.HasSuffix(all, want) {
			t.Errorf("no row %q in\n%s", want, all)
		}
	}
}
