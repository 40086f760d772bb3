package chart_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"parley/bot/web/chart"
	"parley/channels/golden"
)

func minutes(v float64) string { return fmt.Sprintf("%g min", math.Round(v/60)) }

// What people see of each kind of chart: with nothing, one place and many.
func TestCharts(t *testing.T) {
	t.Parallel()
	charts, err := chart.New()
	if err != nil {
		t.Fatal(err)
	}
	days := func(n int) (list []string) {
		for i := range n {
			list = append(list, fmt.Sprintf("%d Nov", i+1))
		}
		return list
	}
	for _, c := range []chart.Chart{
		{ID: "empty", Title: "Messages", Told: "No messages.", Kind: chart.Bars, Across: "Day"},
		{ID: "one", Title: "New & reopened", Told: "One conversation on 1 Nov.", Kind: chart.Bars, Across: "Day", Places: days(1),
			Series: []chart.Series{{"New", []float64{1}}, {"Reopened", []float64{0}}}},
		{ID: "stacked", Title: "Messages", Told: "Most on 2 Nov.", Kind: chart.Stacked, Across: "Day", Places: days(3),
			Series: []chart.Series{{"In <b>", []float64{3, 40, 2}}, {"Out", []float64{1, 17, math.NaN()}}}},
		{ID: "lines", Title: "First answer", Told: "Between 4 and 61 minutes.", Kind: chart.Lines, Across: "Day", Places: days(14), Unit: 60, Words: minutes,
			Series: []chart.Series{{"By the clock", []float64{240, 600, 3660, math.NaN(), 900, math.NaN(), math.NaN(), 300, 300, 0, 600, 1200, 1800, 60}}}},
	} {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			got, err := charts.Draw(c)
			if err != nil {
				t.Fatal(err)
			}
			golden.Text(t, filepath.Join("testdata", c.ID+".html"), string(got))
			wellFormed(t, string(got))
			if strings.Contains(string(got), "style=") || strings.Contains(string(got), "<b>") {
				t.Error("it has styles of its own, or words that became markup")
			}
		})
	}
}

func wellFormed(t *testing.T, page string) {
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

// Steps are round numbers that people can count with, from 0, and few.
func TestAxis(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		highest, unit float64
		want          []float64
	}{
		{0, 0, []float64{0, 1}}, {1, 0, []float64{0, 1}}, {3, 0, []float64{0, 1, 2, 3}}, {5, 0, []float64{0, 2, 4, 6}}, {40, 0, []float64{0, 10, 20, 30, 40}},
		{41, 0, []float64{0, 20, 40, 60}}, {90, 0, []float64{0, 25, 50, 75, 100}}, {9, 0, []float64{0, 5, 10}}, {1001, 0, []float64{0, 500, 1000, 1500}},
		{5400, 3600, []float64{0, 3600, 7200}}, {90, 60, []float64{0, 60, 120}},
	} {
		if got := chart.Axis(tt.highest, tt.unit); !slices.Equal(got, tt.want) {
			t.Errorf("%g in %g: %v, want %v", tt.highest, tt.unit, got, tt.want)
		}
	}
}
