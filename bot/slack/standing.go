package slack

import (
	"sync"

	"parley/channels"
)

// reporter shows a condition to people: that Slack works, or why not and what to do about it.
type reporter interface{ Report(c channels.Condition) }

// Standing decides which condition is reported. It is safe for concurrent use.
type Standing struct {
	reporter reporter

	mu       sync.Mutex
	removals int // number of removals of the app that Slack has announced
}

// NewStanding returns a Standing that reports to r.
func NewStanding(r reporter) *Standing { return &Standing{reporter: r} }

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
	s.reporter.Report(why)
}

// ReportWorks reports that Slack works, unless the app was removed after RemovalsKnown returned removalsBefore.
func (s *Standing) ReportWorks(removalsBefore int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.removals == removalsBefore {
		s.reporter.Report(channels.Condition{Status: channels.Active})
	}
}

// ReportBroken reports another condition that prevents Parley from working.
func (s *Standing) ReportBroken(why channels.Condition) { s.reporter.Report(why) }
