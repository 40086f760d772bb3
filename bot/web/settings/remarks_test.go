package settings

import (
	"slices"
	"testing"

	"parley/bridge/setup"
)

// A page tells only what is to be known of its own entry.
func TestRemarksAbout(t *testing.T) {
	t.Parallel()
	of := "account wa: on trial, with nobody to send to: nothing leaves"
	all := setup.Result{Remarks: []string{of, "account wa-2: stays paused, until it is changed to paused: false", "team Watch stays: conversations belong to it"}}

	got := remarksAbout(all, "wa").Remarks

	if want := []string{of}; !slices.Equal(got, want) {
		t.Errorf("remarks about wa: got %q, want %q", got, want)
	}
}
