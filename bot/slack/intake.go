package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"parley/bot/background"
	"parley/bot/slack/fact"
	"parley/bot/slack/ownshare"
	"parley/bot/slack/standing"
	"parley/bot/sweep"
	"parley/bridge"
	"parley/channels"
)

// What Slack sends comes in here, whether by Socket Mode (connections) or as signed requests (door): events ("ann
// posted a message"), interactions (clicks, forms, shortcuts) and slash commands. Each is stored as a fact: one thing
// that happened, under an id by which it counts only once. Only then does Slack get its answer.

// Limits of what Slack sends, which are longer in tests.
const (
	// acceptTimeout bounds the storing of what arrived. It may be longer than the 3 s that Slack waits: Slack sends
	// the event again, and it counts once. Until Parley has read whether an earlier event is missing, replies wait.
	acceptTimeout = 10 * time.Second

	// afterTimeout bounds answer.after.
	afterTimeout = 10 * time.Second
)

// reports shows people the condition of the surface: whether it works, or why it doesn't and what helps.
type reports interface{ Report(c channels.Condition) }

// intake takes what Slack sends. Whatever asks for a change is stored before Slack hears that it arrived.
type intake struct {
	*workspace

	journal   journal
	standing  *standing.Standing // reports to people whether Slack works
	directory *directory
	shares    *ownshare.Book // which message shows which of our files, as events tell
	responder *responder
	sweeper   *sweep.Sweeper
	work      *background.Work // runs answer.after

	acceptTimeout, afterTimeout time.Duration
}

// droppedWithin is how far back Parley reads after Slack said that it left out events. Slack says so once a minute.
const droppedWithin = 2 * time.Minute

// retriesLast is how long after an event happened Slack may still deliver it: it tries again at once, after a minute,
// and five minutes later. So an earlier event may arrive after a later one.
// Source: docs.slack.dev/apis/events-api#retries
const retriesLast = 7 * time.Minute

// expectMissing is called before an event is stored that Slack could not deliver at once. Earlier events may still be
// missing, so the sweeper reads the last minutes again, and replies wait for that.
func (t *intake) expectMissing() { t.sweeper.CatchUpSoon(t.now().Add(-retriesLast)) }

// takeEvents stores the facts of Events API callbacks, in their order. If it returns nil, they may be acknowledged.
// Errors: those of journal.
func (t *intake) takeEvents(ctx context.Context, self *fact.Self, bodies ...json.RawMessage) error {
	askCtx, cancel := t.directory.boundAsking(ctx)
	defer cancel()
	var facts []channels.Fact
	for _, body := range bodies {
		arrival := t.directory.withNamesOf(ctx, askCtx, self, body).SplitEvent(fact.KindEvent, body)
		t.applyNews(&arrival)
		for _, f := range arrival.Facts {
			facts = append(facts, t.describeFiles(askCtx, f))
		}
	}
	if len(facts) == 0 {
		return nil
	}
	return t.journal.Accept(ctx, facts...)
}

// applyNews acts on news in an event that matters only now and isn't stored, for example that the app was removed.
func (t *intake) applyNews(a *fact.Arrival) {
	if a.ForOthers {
		t.log.Warn("slack event for another team or app ignored")
	}

	for _, share := range a.OwnUploads {
		t.shares.Remember(share)
	}

	if a.Revoked != "" {
		t.standing.ReportRemoved(channels.Condition{
			Status: channels.Broken,
			Text:   "The app was removed from the Slack workspace (" + a.Revoked + ").",
			Hint:   "Install the app again and enter its new token.",
		})
	}

	if a.Renamed {
		t.directory.channels.reset()
	}
	if a.Dropped {
		t.log.Warn("slack left events out")
		t.sweeper.CatchUpSoon(t.now().Add(-droppedWithin))
	}
	if a.JoinedChannel { // nobody knows how long the app was out of the channel
		t.sweeper.CatchUp(time.Time{})
	}
	if a.LeftChannel { // nothing tells any more whether a reply that waits was changed
		t.sweeper.CatchUp(t.now())
	}
}

// takeInteraction handles one click, form, shortcut or request for a menu's options.
// Errors: those of journal, and Slack's if it doesn't say who clicked. After an error the interaction must not be
// acknowledged: Slack then keeps the form open and says that it failed.
func (t *intake) takeInteraction(ctx context.Context, self *fact.Self, body []byte) (answer, error) {
	var in interaction
	if err := json.Unmarshal(body, &in); err != nil {
		return t.responder.storeQuarantined(ctx, body, "interaction not readable: "+err.Error())
	}
	app := cmp.Or(in.AppID, self.App) // a shortcut doesn't name the app, but came by our secret or token
	isForUs := slices.ContainsFunc(in.listTeams(), func(team string) bool { return self.IsForUs(team, app) })
	if !isForUs {
		t.log.Warn("slack interaction for another team or app ignored")
		return answer{}, nil
	}

	isStored := !slices.Contains([]string{"block_suggestion", "view_closed"}, in.Type) // a menu is asked for with each letter
	if isStored && in.findActor(self).Kind == bridge.ActorForeign {
		isColleague, err := t.directory.isColleague(ctx, self, string(in.User.ID))
		if err != nil {
			return answer{}, err
		}
		if isColleague {
			if body, err = in.nameTeam(body, self.Team); err != nil {
				return t.responder.storeQuarantined(ctx, body, "interaction not readable: "+err.Error())
			}
		}
	}

	return t.responder.handleInteraction(ctx, self, &in, body)
}

// takeCommand handles one slash command. body is JSON.
// Errors: those of journal. After an error the command must not be acknowledged.
func (t *intake) takeCommand(ctx context.Context, self *fact.Self, body []byte) (answer, error) {
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

// runAfter runs a.after in the background, within t.afterTimeout. If too much runs already, it only logs that.
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
