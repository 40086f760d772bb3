package slack

import (
	"sync"

	"parley/channels"
)

// Standing decides which condition is reported. It is safe for concurrent use.
type Standing struct {
	Desk interface{ Report(c channels.Condition) } // shows people a condition

	mu       sync.Mutex
	removals int // number of removals of the app that Slack has announced
}

// RemovalsKnown returns the number of removals so far. Call it before a request that checks the token, and
// pass the result to ReportWorks.
func (s *Standing) RemovalsKnown() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.removals
}

// ReportRemoved reports that the app was removed.
func (s *Standing) ReportRemoved(why channels.Condition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.removals++
	s.Desk.Report(why)
}

// ReportWorks reports that Slack works, unless the app was removed after RemovalsKnown returned removalsBefore.
func (s *Standing) ReportWorks(removalsBefore int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.removals == removalsBefore {
		s.Desk.Report(channels.Condition{Status: channels.Active})
	}
}
