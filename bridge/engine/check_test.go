package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels/channelstest"
	"parley/store/storetest"
)

var check = storetest.Check

func must[T any](v T, err error) func(testing.TB) T { return storetest.Must(v, err) }

// wantEqual checks one value; what names it in the message.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %#v, want %#v", what, got, want)
	}
}

// wantList checks a list, in its order; what names it in the message.
func wantList[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %#v, want %#v", what, got, want)
	}
}

// wantWords checks that a text contains all of these words; what names the text in the message.
func wantWords(t *testing.T, what, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("%s: got %q, want it to say %q", what, text, word)
		}
	}
}

// wantNoWords checks that a text contains none of these words; what names the text in the message.
func wantNoWords(t *testing.T, what, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if strings.Contains(text, word) {
			t.Errorf("%s: got %q, want it without %q", what, text, word)
		}
	}
}

// wantPrefix checks how a text begins; what names the text in the message.
func wantPrefix(t *testing.T, what, text, prefix string) {
	t.Helper()
	if !strings.HasPrefix(text, prefix) {
		t.Errorf("%s: got %q, want it to begin with %q", what, text, prefix)
	}
}

// wantSuffix checks how a text ends; what names the text in the message.
func wantSuffix(t *testing.T, what, text, suffix string) {
	t.Helper()
	if !strings.HasSuffix(text, suffix) {
		t.Errorf("%s: got %q, want it to end with %q", what, text, suffix)
	}
}

// wantSentTo checks the recipients of a message and who is in copy; nil means nobody.
func wantSentTo(t *testing.T, m channelstest.Sent, to, cc []string) {
	t.Helper()
	wantList(t, fmt.Sprintf("whom %q went to", m.Text), m.To, to)
	wantList(t, fmt.Sprintf("who got a copy of %q", m.Text), m.Cc, cc)
}

// wantButtons checks which verbs the buttons of a post have, in their order; without verbs, that it has no buttons. what names it in
// the message.
func wantButtons(t *testing.T, what string, m bridgetest.Message, verbs ...bridge.Verb) {
	t.Helper()
	var got []bridge.Verb
	for _, b := range m.Buttons {
		got = append(got, b.Verb)
	}
	wantList(t, what+": buttons of "+m.Plain(), got, verbs)
}

// wantProblem checks that an error is one in words for people, and returns it.
func wantProblem(t *testing.T, what string, err error) *bridge.Problem {
	t.Helper()
	var p *bridge.Problem
	if !errors.As(err, &p) {
		t.Errorf("%s: got the error %v, want one in words for people", what, err)
		return &bridge.Problem{}
	}
	return p
}

// readRows returns the rows of a query, each in the form that scan gives it.
func readRows[T any](w *world, scan pgx.RowToFunc[T], sql string, args ...any) []T {
	w.t.Helper()
	return storetest.Rows(w.t, w.pool, scan, sql, args...)
}

// errorOf returns the error of a call alone.
func errorOf[T any](_ T, err error) error { return err }
