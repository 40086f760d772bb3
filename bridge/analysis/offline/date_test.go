package offline_test

import (
	"slices"
	"testing"
	"time"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline"
)

// wantSnooze checks until which day a message lets a conversation rest, "" for none. now is the zero time if it isn't known what day
// it is.
func wantSnooze(t *testing.T, now time.Time, text, want string) {
	t.Helper()
	answer, err := offline.New().Analyze(t.Context(), analysis.Question{
		Burst: []analysis.Message{{Text: text}},
		Desk:  analysis.Desk{Actions: []analysis.ActionName{analysis.Snooze}},
		Now:   now,
	})
	if err != nil {
		t.Fatal(err)
	}
	var wantActions []analysis.Action
	if want != "" {
		wantActions = []analysis.Action{{Name: analysis.Snooze, Value: want}}
	}
	if !slices.Equal(answer.Actions, wantActions) {
		t.Errorf("%q: got the actions %+v, want %+v", text, answer.Actions, wantActions)
	}
}

// A customer who is away until a full date lets a conversation rest until then, whatever day it is.
func TestSnoozeUntilAFullDate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want string
	}{
		{text: "I'm away until December 5, 2026, please write after that.", want: "2026-12-05"},
		{text: "Bitte melden Sie sich erst nach dem 5. Dezember 2026.", want: "2026-12-05"},
		{text: "Estoy fuera hasta el 20 de diciembre de 2026.", want: "2026-12-20"},
		{text: "wracam 14.12.2026", want: "2026-12-14"},
		{text: "Je suis absent jusqu'au 12/01/2027.", want: ""}, // the 12th of January, or the 1st of December
		{text: "I'm back on Monday.", want: ""},
		{text: "Bin bis 31.02.2027 im Urlaub.", want: ""}, // no such day
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			wantSnooze(t, time.Time{}, tt.text, tt.want)
		})
	}
}
