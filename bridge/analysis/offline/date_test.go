package offline_test

import (
	"slices"
	"testing"
	"time"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline"
)

// A day without a year that has just passed is not the one of the next year: who names it says what was.
func TestPassedDayIsNoDayToRestUntil(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC)
	a := offline.New()
	for text, want := range map[string]string{
		"Your voucher was valid until 20 November but the shop refused it.": "",
		"I am away until 27 November.":                                      "",
		"I am away until 28 November.":                                      "2026-11-28",
		"I am away until 27 March.":                                         "2027-03-27",
		"The offer was valid until 28 March.":                               "",
	} {
		q := analysis.Question{Burst: []analysis.Message{{Text: text}}, Desk: analysis.Desk{Actions: []analysis.ActionName{analysis.Snooze}}, Now: now}
		answer, err := a.Analyze(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(answer.Actions) > 0 {
			got = answer.Actions[0].Value
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// A day without a year is the next one, if it is known what day it is.
func TestAwayUntilTheNextSuchDay(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 20, 10, 0, 0, 0, time.UTC)
	a := offline.New()
	for text, want := range map[string]string{
		"I am away and back on 5 January.":                   "2027-01-05",
		"I will be back on December 28. Please wait.":        "2026-12-28",
		"Ich bin ab dem 5. Januar wieder da.":                "2027-01-05",
		"I am away, back on 5 January 2028, and not before.": "2028-01-05",
		"The lamp was bought on 5 January.":                  "",
	} {
		for _, known := range []time.Time{now, {}} {
			q := analysis.Question{Burst: []analysis.Message{{Text: text}}, Desk: analysis.Desk{Actions: []analysis.ActionName{analysis.Snooze}}, Now: known}
			answer, err := a.Analyze(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if known.IsZero() && want != "2028-01-05" {
				want = ""
			}
			got := slices.Collect(func(yield func(string) bool) {
				for _, x := range answer.Actions {
					yield(x.Value)
				}
			})
			if want == "" && len(got) > 0 || want != "" && !slices.Equal(got, []string{want}) {
				t.Errorf("%q at %s gives %q, want %q", text, known, got, want)
			}
		}
	}
}
