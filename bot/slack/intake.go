package slack

import (
	"context"
	"encoding/json"
	"time"

	"parley/channels"
)

// answer is what Slack gets back, and what is done after it got it.
type answer struct {
	payload any                       // body of the answer; nil = empty
	after   func(ctx context.Context) // best effort, needs no journal; nil = nothing
}

// takeEvents stores the facts of callbacks, in their order. After it returned nil they may
// be acknowledged.
// Errors: those of Desk.Accept.
func (s *Surface) takeEvents(ctx context.Context, me *self, bodies ...json.RawMessage) error {
	var facts []channels.Fact
	for _, body := range bodies {
		a := s.naming(ctx, me, body).splitEvent(kindEvent, body)
		if a.foreign {
			s.log.Warn("slack event for another team or app ignored")
		}
		for _, l := range a.learned {
			s.shares.learn(l)
		}
		if a.revoked != "" {
			s.report(channels.Condition{
				Status: channels.Broken, Text: "The app was removed from the Slack workspace (" + a.revoked + ").",
				Hint: "Install the app again and enter its new token.",
			})
		}
		if a.renamed {
			s.names.forget()
		}
		if a.dropped {
			s.log.Warn("slack left events out")
			s.sweeper.Announce(s.now().Add(-2 * time.Minute))
			s.sweeper.Soon()
		}
		if a.joined { // nobody knows how long we were out
			s.CatchUp(time.Time{})
		}
		facts = append(facts, a.facts...)
	}
	if len(facts) == 0 {
		return nil
	}
	return s.desk.Accept(ctx, facts...)
}

// takeInteraction handles one click, form, shortcut or question for options.
// Errors: those of Desk.Accept; then Slack must not be told that it arrived.
func (s *Surface) takeInteraction(ctx context.Context, me *self, body []byte) (answer, error) {
	var in interaction
	if err := json.Unmarshal(body, &in); err != nil {
		return answer{}, s.desk.Accept(ctx, quarantined(body, "interaction not readable: "+err.Error()))
	}
	if !me.ours(in.team(), in.AppID) {
		s.log.Warn("slack interaction for another team or app ignored")
		return answer{}, nil
	}
	return s.interact(ctx, me, &in, body)
}

// takeCommand handles one slash command, as JSON.
func (s *Surface) takeCommand(ctx context.Context, me *self, body []byte) (answer, error) {
	var c slashCommand
	if err := json.Unmarshal(body, &c); err != nil {
		return answer{}, s.desk.Accept(ctx, quarantined(body, "command not readable: "+err.Error()))
	}
	if !me.ours(c.TeamID, c.AppID) {
		s.log.Warn("slack command for another team or app ignored")
		return answer{}, nil
	}
	return s.commanded(ctx, me, &c, body)
}

// afterwards runs what follows an answer, bounded in number and time.
func (s *Surface) afterwards(ctx context.Context, a answer) {
	if a.after == nil {
		return
	}
	ctx = context.WithoutCancel(ctx)
	ok := s.work.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		a.after(ctx)
	})
	if !ok {
		s.log.Warn("slack form dropped: too many at once")
	}
}

func (s *Surface) report(c channels.Condition) { s.desk.Report(c) }
