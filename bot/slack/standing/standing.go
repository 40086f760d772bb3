// Package standing tells people whether Slack works for Parley. Slack's answer that it takes our token may be older than the news that
// the app was removed, which arrives in another way: then the removal counts, whichever is told later.
package standing

import (
	"sync"

	"parley/channels"
)

// reports shows people the condition of the surface: whether it works, or why it doesn't and what helps.
type reports interface{ Report(c channels.Condition) }

// Standing is what people are told of the surface. Many goroutines may use it at once.
type Standing struct {
	reports reports

	mu       sync.Mutex
	removals int // how often Slack has said that the app was removed
}

// New makes the standing of a surface that people read in reports.
func New(r reports) *Standing { return &Standing{reports: r} }

// RemovalsKnown returns how many removals are known now. Whoever is about to ask Slack whether it takes our token hands that number to
// ReportWorks.
func (s *Standing) RemovalsKnown() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.removals
}

// ReportRemoved tells people that the app was removed, and what helps.
func (s *Standing) ReportRemoved(why channels.Condition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.removals++
	s.reports.Report(why)
}

// ReportWorks tells people that Slack works, unless the app was removed after removalsBefore were known.
func (s *Standing) ReportWorks(removalsBefore int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.removals == removalsBefore {
		s.reports.Report(channels.Condition{Status: channels.Active})
	}
}

// ReportBroken tells people what keeps Parley from working, and what helps.
func (s *Standing) ReportBroken(why channels.Condition) { s.reports.Report(why) }
