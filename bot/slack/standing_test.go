package slack

import (
	"slices"
	"testing"

	"parley/channels"
)

// toldStatuses keeps the statuses that people are told.
type toldStatuses []channels.ConditionStatus

// Report implements reports.
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
	s := standing{reports: &told}
	asked := s.removalsKnown()
	s.reportRemoved(channels.Condition{Status: channels.Broken})
	s.reportWorks(asked)
	wantTold(t, told, channels.Broken)
}

// Once Slack takes our token again, the app was installed again.
func TestLaterAnswerCountsMoreThanARemoval(t *testing.T) {
	t.Parallel()
	var told toldStatuses
	s := standing{reports: &told}
	s.reportRemoved(channels.Condition{Status: channels.Broken})
	s.reportWorks(s.removalsKnown())
	wantTold(t, told, channels.Broken, channels.Active)
}
