package dashboard_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"parley/bot/web/dashboard"
	"parley/channels/golden"
)

func minutes(v float64) string { return fmt.Sprintf("%g min", math.Round(v/60)) }

// The golden files show each kind of chart: without data, with one day and with many days.
func TestCharts(t *testing.T) {
	t.Parallel()
	charts, err := dashboard.New()
	if err != nil {
		t.Fatal(err)
	}
	days := func(n int) (list []string) {
		for i := range n {
			list = append(list, fmt.Sprintf("%d Nov", i+1))
		}
		return list
	}
	for _, c := range []dashboard.Chart{
		{ID: "empty", Title: "Messages", Description: "No messages.", Kind: dashboard.Bars, CategoryTitle: "Day"},
		{ID: "one", Title: "New & reopened", Description: "One conversation on 1 Nov.", Kind: dashboard.Bars, CategoryTitle: "Day", Categories: days(1),
			Series: []dashboard.Series{{Name: "New", Values: []float64{1}}, {Name: "Reopened", Values: []float64{0}}}},
		{ID: "stacked", Title: "Messages", Description: "Most on 2 Nov.", Kind: dashboard.Stacked, CategoryTitle: "Day", Categories: days(3),
			Series: []dashboard.Series{{Name: "In <b>", Values: []float64{3, 40, 2}}, {Name: "Out", Values: []float64{1, 17, math.NaN()}}}},
		{ID: "lines", Title: "First answer", Description: "Between 4 and 61 minutes.", Kind: dashboard.Lines, CategoryTitle: "Day", Categories: days(14),
			Unit: 60, Format: minutes,
			Series: []dashboard.Series{{Name: "By the clock",
				Values: []float64{240, 600, 3660, math.NaN(), 900, math.NaN(), math.NaN(), 300, 300, 0, 600, 1200, 1800, 60}}}},
	} {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			got, err := charts.Draw(c)
			if err != nil {
				t.Fatal(err)
			}
			golden.Text(t, filepath.Join("testdata", c.ID+".html"), string(got))
			wantWellFormed(t, string(got))
			for _, bad := range []string{"style=", "<b>"} { // a style that the site's policy blocks, and a title that became markup
				if strings.Contains(string(got), bad) {
					t.Errorf("the chart contains %q", bad)
				}
			}
		})
	}
}

func wantWellFormed(t *testing.T, page string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	for {
		if _, err := d.Token(); err == io.EOF { //nolint:errorlint // Token gives it as it is
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// An axis begins at 0 and has few steps. They are round numbers, or round numbers of minutes or hours if a unit is given.
func TestAxis(t *testing.T) {
	t.Parallel()
	const minute, hour = 60, 3600
	for _, tt := range []struct {
		highest float64
		unit    float64
		want    []float64
	}{
		{highest: 0, want: []float64{0, 1}},
		{highest: 1, want: []float64{0, 1}},
		{highest: 3, want: []float64{0, 1, 2, 3}},
		{highest: 5, want: []float64{0, 2, 4, 6}},
		{highest: 9, want: []float64{0, 5, 10}},
		{highest: 40, want: []float64{0, 10, 20, 30, 40}},
		{highest: 41, want: []float64{0, 20, 40, 60}},
		{highest: 90, want: []float64{0, 25, 50, 75, 100}},
		{highest: 1001, want: []float64{0, 500, 1000, 1500}},
		{highest: 1.5 * hour, unit: hour, want: []float64{0, hour, 2 * hour}},
		{highest: 1.5 * minute, unit: minute, want: []float64{0, minute, 2 * minute}},
	} {
		if got := dashboard.Axis(tt.highest, tt.unit); !slices.Equal(got, tt.want) {
			t.Errorf("up to %g in steps of %g: got %v, want %v", tt.highest, tt.unit, got, tt.want)
		}
	}
}
