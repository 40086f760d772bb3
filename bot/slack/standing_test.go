package slack_test

import (
	"slices"
	"testing"

	"parley/bot/slack"
	"parley/channels"
)

// toldStatuses keeps the statuses that people are told.
type toldStatuses []channels.ConditionStatus

// Report notes what people are told.
func (t *toldStatuses) Report(c channels.Condition) { *t = append(*t, c.Status) }

func wantTold(t *testing.T, got toldStatuses, want ...channels.ConditionStatus) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("people were told %v, want %v", got, want)
	}
}

// An answer of Slack's from before the app was removed doesn't count any more.
func TestRemovalCountsMoreThanAnOlderAnswer(t *testing.T) {
	t.Parallel()
	var told toldStatuses
	s := slack.Standing{Desk: &told}
	asked := s.RemovalsKnown()
	s.ReportRemoved(channels.Condition{Status: channels.Broken})
	s.ReportWorks(asked)
	wantTold(t, told, channels.Broken)
}

// Once Slack takes our token again, the app was installed again.
func TestLaterAnswerCountsMoreThanARemoval(t *testing.T) {
	t.Parallel()
	var told toldStatuses
	s := slack.Standing{Desk: &told}
	s.ReportRemoved(channels.Condition{Status: channels.Broken})
	s.ReportWorks(s.RemovalsKnown())
	wantTold(t, told, channels.Broken, channels.Active)
}
