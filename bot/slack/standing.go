package slack

import (
	"sync"

	"parley/channels"
)

// standing tells people whether Slack works. Slack's answer that it takes our token may be older than the news that the app was
// removed, which arrives in another way: then the removal counts, whichever is told later.
type standing struct {
	reports reports

	mu       sync.Mutex
	removals int // how often Slack has said that the app was removed
}

// removalsKnown returns how many removals are known now. Whoever is about to ask Slack whether it takes our token hands that number to
// reportWorks.
func (s *standing) removalsKnown() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.removals
}

// reportRemoved tells people that the app was removed.
func (s *standing) reportRemoved(why channels.Condition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.removals++
	s.reports.Report(why)
}

// reportWorks tells people that Slack works, unless the app was removed after removalsBefore were known.
func (s *standing) reportWorks(removalsBefore int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.removals == removalsBefore {
		s.reports.Report(channels.Condition{Status: channels.Active})
	}
}

// reportBroken tells people what keeps Parley from working.
func (s *standing) reportBroken(why channels.Condition) { s.reports.Report(why) }
