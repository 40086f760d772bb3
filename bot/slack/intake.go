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

// maxAnswerBytes bounds what Slack gets back: larger answers get lost on the way.
const maxAnswerBytes = 20000

// envelopeBytes is what an answer's own fields may take, beside the form in it.
const envelopeBytes = 1000

// Limits of what Slack sends, which are longer in tests.
const (
	// acceptTimeout bounds the storing of what arrived. It may be longer than the 3 s within which Slack wants an
	// answer: Slack then sends an event again, which counts once, and replies wait until Parley has read whether an
	// earlier one is missing.
	acceptTimeout = 10 * time.Second

	// afterTimeout bounds what is done after Slack has its answer.
	afterTimeout = 10 * time.Second
)

// answer is what Slack gets back for a request, and what is done after that.
type answer struct {
	payload any // body of the answer; nil means an empty one

	// after runs after Slack has the answer; nil means that nothing is to do. It isn't journalled, so a process that ends
	// meanwhile leaves it undone.
	after func(ctx context.Context)
}

// journal stores what arrives. Errors: channels.ErrOverloaded; the database's.
type journal interface {
	Accept(ctx context.Context, facts ...channels.Fact) error
}

// reports shows people the condition of the surface: whether it works, or why it doesn't and what helps.
type reports interface{ Report(c channels.Condition) }

// intake takes what Slack sends, by Socket Mode or by request. Whatever asks for a change is stored
// before Slack hears that it arrived.
type intake struct {
	*workspace

	journal   journal
	standing  *standing.Standing
	directory *directory
	shares    *ownshare.Book
	responder *responder
	sweeper   *sweep.Sweeper
	work      *background.Work // what goes on after Slack has its answer

	acceptTimeout, afterTimeout time.Duration
}

// droppedWithin is how far back Parley reads again when Slack says that it left events out. Slack says so once a minute.
const droppedWithin = 2 * time.Minute

// retriesLast is how long Slack tries again to deliver an event: at once, after a minute, and five
// minutes later. So an earlier event may arrive after a later one.
// Source: docs.slack.dev/apis/events-api#retries
const retriesLast = 7 * time.Minute

// expectMissing is called for an event that Slack could not bring at once, before the event is stored: an earlier one may
// still be missing. A reply in the event waits until the earlier texts, which are to leave first, were read.
func (t *intake) expectMissing() { t.sweeper.CatchUpSoon(t.now().Add(-retriesLast)) }

// takeEvents stores the facts of callbacks, in their order. The callbacks may be acknowledged once it
// has returned nil.
// Errors: those of journal.
func (t *intake) takeEvents(ctx context.Context, me *fact.Self, bodies ...json.RawMessage) error {
	askCtx, cancel := t.directory.boundAsking(ctx)
	defer cancel()
	var facts []channels.Fact
	for _, body := range bodies {
		arrival := t.directory.withNamesOf(ctx, askCtx, me, body).SplitEvent(fact.KindEvent, body)
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

// applyNews acts on what an event tells that is of use only now, and so isn't stored.
func (t *intake) applyNews(a *fact.Arrival) {
	if a.Foreign {
		t.log.Warn("slack event for another team or app ignored")
	}

	for _, share := range a.Learned {
		t.shares.Learn(share)
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
	if a.Joined { // nobody knows how long the app was out of the channel
		t.sweeper.CatchUp(time.Time{})
	}
	if a.Left { // nothing tells any more whether a reply that waits was changed
		t.sweeper.CatchUp(t.now())
	}
}

// takeInteraction handles one click, form, shortcut or question for options.
// Errors: those of journal, and that Slack doesn't say who it was; then the interaction must not be acknowledged: Slack keeps the
// form open and says that it failed.
func (t *intake) takeInteraction(ctx context.Context, me *fact.Self, body []byte) (answer, error) {
	var in interaction
	if err := json.Unmarshal(body, &in); err != nil {
		return t.responder.storeQuarantined(ctx, body, "interaction not readable: "+err.Error())
	}
	app := cmp.Or(in.AppID, me.App) // a shortcut doesn't name the app, but came by our secret or token
	isForUs := slices.ContainsFunc(in.listTeams(), func(team string) bool { return me.IsFor(team, app) })
	if !isForUs {
		t.log.Warn("slack interaction for another team or app ignored")
		return answer{}, nil
	}

	isStored := !slices.Contains([]string{"block_suggestion", "view_closed"}, in.Type) // a menu is asked for with each letter
	if isStored && in.findActor(me).Kind == bridge.ActorForeign {
		isColleague, err := t.directory.isColleague(ctx, me, in.User.ID)
		if err != nil {
			return answer{}, err
		}
		if isColleague {
			if body, err = in.nameTeam(body, me.Team); err != nil {
				return t.responder.storeQuarantined(ctx, body, "interaction not readable: "+err.Error())
			}
		}
	}

	return t.responder.handleInteraction(ctx, me, &in, body)
}

// takeCommand handles one slash command, as JSON.
// Errors: those of journal; then the command must not be acknowledged.
func (t *intake) takeCommand(ctx context.Context, me *fact.Self, body []byte) (answer, error) {
	var c slashCommand
	if err := json.Unmarshal(body, &c); err != nil {
		return t.responder.storeQuarantined(ctx, body, "command not readable: "+err.Error())
	}
	if !me.IsFor(c.TeamID, c.AppID) {
		t.log.Warn("slack command for another team or app ignored")
		return answer{}, nil
	}
	return t.responder.handleCommand(ctx, me, &c, body)
}

// runAfter runs a.after in the background, within t.afterTimeout. If too much runs already, it drops a.after and logs that.
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
