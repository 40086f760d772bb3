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

// A day without a year is the next such day.
func TestSnoozeUntilTheNextSuchDay(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 20, 10, 0, 0, 0, time.UTC)
	tests := []struct {
		text string
		want string
	}{
		{text: "I am away and back on 5 January.", want: "2027-01-05"},
		{text: "I will be back on December 28. Please wait.", want: "2026-12-28"},
		{text: "Ich bin ab dem 5. Januar wieder da.", want: "2027-01-05"},
		{text: "I am away, back on 5 January 2028, and not before.", want: "2028-01-05"},
		{text: "The lamp was bought on 5 January.", want: ""}, // nobody is away
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			wantSnooze(t, now, tt.text, tt.want)
		})
	}
}

// If it isn't known what day it is, only a full date counts.
func TestSnoozeWithoutKnowingTheDay(t *testing.T) {
	t.Parallel()
	unknown := time.Time{}
	tests := []struct {
		text string
		want string
	}{
		{text: "I am away and back on 5 January.", want: ""},
		{text: "I will be back on December 28. Please wait.", want: ""},
		{text: "Ich bin ab dem 5. Januar wieder da.", want: ""},
		{text: "I am away, back on 5 January 2028, and not before.", want: "2028-01-05"},
		{text: "The lamp was bought on 5 January.", want: ""},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			wantSnooze(t, unknown, tt.text, tt.want)
		})
	}
}

// A day without a year that has just passed isn't the one of the next year: who names it says what was.
func TestNoSnoozeUntilAPassedDay(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC)
	tests := []struct {
		text string
		want string
	}{
		{text: "Your voucher was valid until 20 November but the shop refused it.", want: ""},
		{text: "The offer was valid until 28 March.", want: ""},
		{text: "I am away until 27 November.", want: ""}, // today
		{text: "I am away until 28 November.", want: "2026-11-28"},
		{text: "I am away until 27 March.", want: "2027-03-27"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			wantSnooze(t, now, tt.text, tt.want)
		})
	}
}
