package setup

import (
	"fmt"
	"strings"
	"testing"
)

// A page shows, in sentences, only the remarks about its own entry.
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

// An admin who types a person's name in place of the member ID is told that it is no member ID of Slack.
func TestChangeNamesNoUserOfSlack(t *testing.T) {
	t.Parallel()
	o := options(t)
	pool := acmeApplied(t, o)
	o.Author = Author{Name: "ann@acme.test"}
	for i, user := range []string{"@nell", "nell", "U012AB3CD", "W012AB3CE"} {
		values := map[string][]string{"name": {"Nell New"}, "slack": {user}}
		saved, err := Save(t.Context(), pool, Change{Kind: EntryAgent, Name: fmt.Sprintf("nell%d@acme.test", i), Values: values}, o)
		isTold, isWrong := strings.Contains(saved.Text(), "isn't a member ID of Slack"), i < 2
		if err != nil || isTold != isWrong {
			t.Errorf("%s: %v, %s", user, err, saved.Text())
		}
	}
}
