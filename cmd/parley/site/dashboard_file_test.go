package site_test

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"parley/cmd/parley/site/sitetest"
	"parley/store/measure"
)

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
		if !slices.ContainsFunc(rows, func(row []string) bool { return strings.Join(row, ",") == want+",0,0,0,0" }) {
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
