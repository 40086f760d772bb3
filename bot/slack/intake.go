package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"parley/bot/forms"
	"parley/bridge"
	"parley/channels"
)

const (
	// acceptTimeout limits the time for storing a request. It may exceed the 3 s after which Slack sends an event again,
	// since repeated events are deduplicated.
	acceptTimeout = 10 * time.Second

	// afterTimeout limits the time of answer.after.
	afterTimeout = 10 * time.Second
)

// intake receives everything that Slack sends, over Socket Mode (connections) or as HTTP requests (door): events, such as
// a new message; interactions, such as a click; and slash commands. Each is stored as a fact, a thing that happened, with
// an id that deduplicates it. Only then is it acknowledged, so that nothing is lost if the process crashes.
type intake struct {
	*workspace

	standing  Standing // reports whether Slack works
	directory *directory
	posts     *poster // learns from events which messages show our uploads
	responder *responder
	homes     *homes
	work      *forms.Work // runs answer.after

	acceptTimeout, afterTimeout time.Duration // the constants, except in tests
}

// droppedWithin is how much history is read after Slack reported that it drops events, which it does once a minute.
const droppedWithin = 2 * time.Minute

// retriesLast is how late Slack may deliver an event: it retries immediately, after one minute, and five minutes later.
// Source: docs.slack.dev/apis/events-api#retries
const retriesLast = 7 * time.Minute

// expectMissing must be called before a retried event is stored. Older events may still be undelivered, too, so the
// sweeper reads the history of the last minutes. Until then no replies are sent to customers.
func (t *intake) expectMissing() { t.sweeper.CatchUpSoon(t.now().Add(-retriesLast)) }

// takeEvents stores the facts of Events API callbacks, in their order. If it returns nil, they may be acknowledged.
// Errors: the desk's.
func (t *intake) takeEvents(ctx context.Context, self *Self, bodies ...json.RawMessage) error {
	askCtx, cancel := t.directory.boundAsking(ctx)
	defer cancel()
	var facts []channels.Fact
	for _, body := range bodies {
		arrival := t.directory.withNamesOf(ctx, askCtx, self, body).SplitEvent(KindEvent, body)
		t.applyNews(&arrival)
		for _, f := range arrival.Facts {
			facts = append(facts, t.describeFiles(askCtx, f))
		}
	}
	if len(facts) == 0 {
		return nil
	}
	return t.desk.Accept(ctx, facts...)
}

// applyNews handles the part of an event that isn't stored, for example that the app was uninstalled.
func (t *intake) applyNews(a *Arrival) {
	if a.ForOthers {
		t.log.Warn("slack event for another team or app ignored")
	}

	for _, share := range a.OwnUploads {
		t.posts.shares.Put(share.File+share.Channel, share)
	}

	if a.Home != nil {
		t.homes.opened(bridge.SurfaceUser(a.Home.User), a.Home.Private)
	}

	if a.Revoked != "" {
		t.standing.ReportRemoved(channels.Condition{
			Status: channels.Broken, Text: "The app was removed from the Slack workspace (" + a.Revoked + ").",
			Hint: "Install the app again and enter its new token.",
		})
	}

	if a.Renamed {
		t.directory.channels.reset()
	}
	if a.Dropped {
		t.log.Warn("slack left events out")
		t.sweeper.CatchUpSoon(t.now().Add(-droppedWithin))
	}
	if a.JoinedChannel { // it is unknown for how long the app wasn't a member
		t.sweeper.CatchUp(time.Time{})
	}
	if a.LeftChannel { // edits of replies that are waiting to be sent are no longer reported
		t.sweeper.CatchUp(t.now())
	}
}

// takeInteraction handles a click, a form, a shortcut or a request for a menu's options.
// Errors: those of the desk and of directory.isColleague. After an error the interaction must not be acknowledged. Then
// Slack shows the user an error and keeps a form open.
func (t *intake) takeInteraction(ctx context.Context, self *Self, body []byte) (answer, error) {
	var in interaction
	if err := json.Unmarshal(body, &in); err != nil {
		return t.responder.storeQuarantined(ctx, body, "interaction not readable: "+err.Error())
	}
	app := cmp.Or(in.AppID, self.App) // a shortcut doesn't name the app
	isForUs := slices.ContainsFunc(in.listTeams(), func(team string) bool { return self.IsForUs(team, app) })
	if !isForUs {
		t.log.Warn("slack interaction for another team or app ignored")
		return answer{}, nil
	}

	isHarmless := in.Type == "block_suggestion" || in.Type == "view_closed" // too frequent for a lookup of the user
	if !isHarmless && in.findActor(self).Kind == bridge.ActorForeign {
		isColleague, err := t.directory.isColleague(ctx, self, string(in.User.ID))
		if err != nil {
			return answer{}, err
		}
		if isColleague {
			if body, err = in.setUserTeam(body, self.Team); err != nil {
				return t.responder.storeQuarantined(ctx, body, "interaction not readable: "+err.Error())
			}
		}
	}

	return t.responder.handleInteraction(ctx, self, &in, body)
}

// takeCommand handles a slash command, given as JSON.
// Errors: the desk's. After an error the command must not be acknowledged.
func (t *intake) takeCommand(ctx context.Context, self *Self, body []byte) (answer, error) {
	var c slashCommand
	if err := json.Unmarshal(body, &c); err != nil {
		return t.responder.storeQuarantined(ctx, body, "command not readable: "+err.Error())
	}
	if !self.IsForUs(c.TeamID, c.AppID) {
		t.log.Warn("slack command for another team or app ignored")
		return answer{}, nil
	}
	return t.responder.handleCommand(ctx, self, &c, body)
}

// runAfter runs a.after in the background. If too many are running already, it is dropped and logged.
func (t *intake) runAfter(ctx context.Context, a answer) {
	if a.after == nil {
		return
	}
	ctx = context.WithoutCancel(ctx)
	started := t.work.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, t.afterTimeout)
		defer cancel()
		a.after(ctx)
	})
	if !started {
		t.log.Warn("slack form dropped: too many at once")
	}
}

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
