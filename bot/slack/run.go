package slack

import (
	"context"
	"errors"
	"sync"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/channels"
	"parley/channels/pause"
)

// together is how close to each other connections must have been lost to count as lost at
// the same time: a dead one is noticed late.
const together = 45 * time.Second

// linkState counts the open connections.
type linkState struct {
	mu   sync.Mutex
	open int
	ends map[int]time.Time // when each connection was last lost
	lost time.Time         // since when events may be missing; zero = before our time
}

// Run implements bridge.Surface: it learns who we are, keeps the Socket Mode connections
// where there is an app token, and catches up after each connect and every ten minutes.
func (s *Surface) Run(ctx context.Context) error {
	defer s.work.Wait()
	me, ok := s.introduce(ctx)
	if !ok {
		return nil
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	if s.opt.AppToken != "" {
		for n := range s.opt.Connections {
			wg.Go(func() { s.keepLink(ctx, me, n) })
		}
	} else {
		s.CatchUp(time.Time{})
	}
	s.sweeper.Run(ctx, func(ctx context.Context) error { return s.catchUp(ctx, me) })
	return nil
}

// introduce learns who we are, as often as it takes; false when ctx ended first.
func (s *Surface) introduce(ctx context.Context) (*self, bool) {
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		me, err := s.identifyWithin(ctx, requestTimeout)
		if err == nil {
			s.report(channels.Condition{Status: channels.Active})
			return me, true
		}
		if ctx.Err() != nil {
			return nil, false
		}
		s.reportError(err)
		limit, limited := throttle(err)
		if limited {
			wait = max(wait, limit)
		}
		if !pause.For(ctx, wait) {
			return nil, false
		}
	}
}

func (s *Surface) identifyWithin(ctx context.Context, d time.Duration) (*self, error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return s.identify(ctx)
}

// reportError tells people what keeps us from working.
func (s *Surface) reportError(err error) {
	var se *channels.SendError
	text, hint := "Slack can't be reached.", "Check the network; Parley keeps trying."
	if errors.As(classify(err), &se) && se.Class != channels.Ambiguous {
		text, hint = se.Text, se.Hint
	}
	s.log.Error("slack not available", "error", err)
	s.report(channels.Condition{Status: channels.Broken, Text: text, Hint: hint})
}

// opened counts a connection. Events may be missing when there was no other, or when all
// were lost at about the same time.
func (s *Surface) opened() {
	s.links.mu.Lock()
	gap, since := s.links.open == 0, s.links.lost
	s.links.open++
	if !gap && len(s.links.ends) == s.opt.Connections {
		gap = true
		for _, at := range s.links.ends {
			gap = gap && s.now().Sub(at) < together
			if at.Before(since) || since.IsZero() {
				since = at
			}
		}
	}
	s.links.mu.Unlock()
	if gap {
		s.sweeper.Announce(since)
	}
}

// closed counts a lost connection.
func (s *Surface) closed(n int) {
	s.links.mu.Lock()
	defer s.links.mu.Unlock()
	s.links.open--
	if s.links.ends == nil {
		s.links.ends = map[int]time.Time{}
	}
	s.links.ends[n] = s.now()
	if s.links.open == 0 {
		s.links.lost = s.now()
	}
}

// CatchUp implements bridge.CatcherUp.
func (s *Surface) CatchUp(since time.Time) {
	s.sweeper.CatchUp(since)
}

// holesSince is from when on a thread may lack replies that are older than its newest
// one; the future where there is no gap.
func (s *Surface) holesSince() time.Time {
	switch since, open := s.sweeper.Gap(); {
	case !open:
		return s.now().Add(time.Hour)
	case since.IsZero():
		return s.now().Add(-time.Hour)
	default:
		return since.Add(-lookBack)
	}
}

// fatal tells errors that no waiting heals.
func fatal(err error) bool {
	switch codeOf(err) {
	case "invalid_auth", "account_inactive", "not_authed", "token_revoked":
		return true
	}
	var status slackapi.StatusCodeError
	return errors.As(err, &status) && status.Code == 404
}
