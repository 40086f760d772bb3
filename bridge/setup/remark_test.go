package setup

import "testing"

// A page tells, in sentences, only what is to be known of its own entry.
func TestRemarksAbout(t *testing.T) {
	t.Parallel()
	all := Result{Remarks: []string{
		"account wa: on trial, with nobody to send to: nothing leaves",
		"account wa-2: stays paused, until it is changed to paused: false",
		"team Watch stays: conversations belong to it",
	}}

	got := all.About("wa").Sentences("Saved.")

	if want := "Saved. Account wa: on trial, with nobody to send to: nothing leaves."; got != want {
		t.Errorf("about wa: got %q, want %q", got, want)
	}
}
