package site_test

import (
	"encoding/csv"
	"net/http"
	"slices"
	"strings"
	"testing"

	"parley/cmd/parley/site/sitetest"
	"parley/store/measure"
)

// A file has no place for a text about a wrong address. So the request is refused, and the answer says why, to
// programs and in the browser.
func TestFileOfOddFilters(t *testing.T) {
	t.Parallel()
	f := newFigures(t)
	ann := f.Visitor("ann@acme.test")
	p := newProgram(f.Site, newToken(t, ann, figuresScope))
	for _, tt := range []struct {
		query string
		want  string
	}{
		{query: "from=foo", want: "write both the first and the last one"},
		{query: "from=2026-11-31&to=2026-12-01", want: "“2026-11-31” isn't a day like 2026-11-23."},
		{query: "from=2026-11-01&to=2026-11-31", want: "“2026-11-31” isn't a day"},
		{query: "from=2026-02-01&to=2026-01-01", want: "the last one, 2026-01-01, is before the first, 2026-02-01."},
		{query: "days=foo", want: "“foo” isn't a number of days from 1 to 800."},
		{query: "agent=1&tag=Sales", want: "not for both at once"},
	} {
		t.Run(tt.query, func(t *testing.T) {
			a := p.get("/api/figures.csv?" + tt.query)
			wantStatus(t, "to a program", a, http.StatusBadRequest)
			wantShown(t, "to a program", a, tt.want)
			wantHeader(t, "to a program", a, "Content-Type", "text/plain")

			a = ann.Get("/settings/dashboard/figures.csv?" + tt.query)
			wantStatus(t, "in the browser", a, http.StatusBadRequest)
			wantShown(t, "in the browser", a, tt.want)
		})
	}
}

// The file has the same figures as the page, and a name in it can't act as a formula.
// Requirement R-232: Messages counted.
func TestFiguresAsFile(t *testing.T) {
	t.Parallel()
	f := newFigures(t)
	f.keepTwo()
	f.keep(contribution{
		conversation: 4713,
		labels:       measure.Labels{Tags: []string{`=cmd|'/c calc'!A1`}},
		shares:       []measure.Share{f.ofSupport(measure.Figures{Opened: 5})},
	})

	a := f.Visitor("ann@acme.test").Get("/settings/dashboard/figures.csv?days=7&hours=all")
	wantHeader(t, "the file", a, "Content-Type", "text/csv")
	rows := readCSV(t, a)
	for _, want := range []string{
		"day," + f.daysAgo(1) + ",6,0,0,0,1,0,0,0,0,0,0,,,",
		"agent,Ben Osei,0,0,1,0,0,1,1,7200,0,0,90000,7200,,90000",
		"team,Billing,1,0,0,0,1,3,1,60,2,600,0,60,300,",
		"tag,'=cmd|'/c calc'!A1,5,0,0,0,0,0,0,0,0,0,0,,,",
		"mood,negative,1,0,0,0,1,3,1,60,2,600,0,60,300,",
		"intent,order status,1,0,1,0,2,1,1,7200,0,0,90000,7200,,90000",
	} {
		if !slices.ContainsFunc(rows, func(row []string) bool { return strings.Join(row, ",") == want }) {
			t.Errorf("the file lacks the row %q:\n%s", want, a.Body)
		}
	}
}

// readCSV returns the rows of a file.
func readCSV(t *testing.T, a sitetest.Answer) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(a.Body)).ReadAll()
	if err != nil {
		t.Fatalf("the file is no CSV: %v\n%s", err, a.Body)
	}
	return rows
}
