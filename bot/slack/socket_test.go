package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slack-go/slack/socketmode"

	"parley/bot/slack/fact"
	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/channels"
)

func TestMessageIsStoredThenAcknowledged(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	root := st.postRoot()
	ts := st.postAsAnn(root.Message, "On our way")
	f := st.desk.First(t, fact.MessageID(st.channel, ts))
	wantEqual(t, "order key", f.OrderKey, fact.OrderKey(st.channel, root.Message))
	a := st.mustDecode(f)
	wantEqual(t, "verb", a.Verb, bridge.VerbSay)
	wantEqual(t, "text", a.Text, "On our way")
	wantEqual(t, "actor", a.Actor, bridge.Actor{ID: st.ann, Kind: bridge.ActorPerson})
	wantEqual(t, "place", a.Place, bridge.Place{Channel: st.channel, Thread: root.Message, Message: ts})
	wantEqual(t, "order", a.Order, ts)
	st.waitAcknowledged()
}

// Case 8: what we post ourselves is not stored.
func TestOwnEchoIsIgnored(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	root := st.postRoot()
	ts := st.postAsAnn(root.Message, "after")
	st.desk.First(t, fact.MessageID(st.channel, ts))
	for _, id := range st.desk.IDs() {
		if strings.Contains(id, root.Message) && !strings.Contains(id, ts) {
			t.Errorf("our own post is stored as %s", id)
		}
	}
}

// Case 30: an event of an unknown kind is acknowledged and left out. One that can't be read is acknowledged and stored under its hash,
// in quarantine.
func TestUnknownAndMalformedEvents(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	st.fake.Admin.SendEvent("message.channels", st.channel, map[string]any{"type": "hologram_added", "channel": st.channel})
	st.fake.Admin.SendEvent("message.channels", st.channel, map[string]any{"type": "message", "channel": st.channel, "ts": 17})
	if f := st.desk.First(t, "q:"); f.Quarantine == "" {
		t.Errorf("stored is %+v, want it in quarantine", f)
	}
	st.waitAcknowledged()
	st.wantFacts("", 1)
}

// A click that can't be read is kept without what would let a reader of the journal act in our name.
func TestUnreadableClickWithoutSecrets(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	me := st.self()
	const secrets = `"token":"secret","response_url":"https://hooks.slack.test/secret",`
	for _, body := range []string{
		`{"type":"block_actions","api_app_id":"` + me.App + `",` + secrets + `"team":{"id":"` + me.Team + `"},"user":{"id":"U1"},"actions":[{"type":"button","action_id":"x"}]}`,
		`{"type":7,` + secrets + `"trigger_id":"1"}`,
	} {
		before := len(st.desk.Accepted())
		_, err := st.surface.intake.takeInteraction(st.ctx(), me, []byte(body))
		must(t, err)
		kept := st.desk.Accepted()[before:]
		if len(kept) != 1 || kept[0].Quarantine == "" {
			t.Fatalf("of %s is kept %+v, want one fact in quarantine", body, kept)
		}
		wantEqual(t, "a secret is kept", strings.Contains(string(kept[0].Payload), "secret"), false)
	}
}

// An event that can't be stored is not acknowledged, and comes again.
func TestRefusedEventComesAgain(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	st := newConnectedStage(t, func(_ *Options, f *slackfake.Options) {
		f.Clock = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	before := st.desk.Attempts()
	st.desk.Refuse(errors.New("database gone"))
	ts := st.postAsAnn("", "hello")
	st.desk.Wait(t, "an attempt", func() bool { return st.desk.Attempts() > before })
	wantEqual(t, "acknowledged although it isn't stored", st.fake.Events.Pending() == 0, false)
	st.desk.Refuse(nil)
	ahead.Store(int64(time.Minute)) // Slack waits no longer
	st.desk.First(t, fact.MessageID(st.channel, ts))
}

// An event that Slack could not bring at once may come after what was said later, so that more may be missing: replies wait until
// that is looked for.
func TestEventBroughtAgainBySocket(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	c := &connection{parent: st.surface.connections, me: st.self(), client: socketmode.New(st.surface.api)}
	request := &socketmode.Request{Payload: json.RawMessage(saidInThread(st))}
	for attempt, wantGaps := range []int{0, 1} {
		before := st.desk.Gaps()
		request.RetryAttempt = attempt
		c.handleEvents(st.ctx(), socketmode.Event{Type: socketmode.EventTypeEventsAPI, Request: request})
		wantEqual(t, fmt.Sprintf("gaps by attempt %d", attempt), st.desk.Gaps()-before, wantGaps)
		st.wantFacts("", 1)
	}
}

func TestEnvelopeSaysWhichAttempt(t *testing.T) {
	t.Parallel()
	e := openEnvelope([]byte(`{"envelope_id":"E","type":"events_api","retry_attempt":2,"payload":{}}`))
	wantEqual(t, "attempt", e.retry, 2)
}

// newStageOfTwoConnections starts a workspace to which the surface opens two sockets, and waits for both.
func newStageOfTwoConnections(t *testing.T) *stage {
	t.Helper()
	st := newConnectedStage(t, func(o *Options, _ *slackfake.Options) { o.Connections = 2 })
	st.waitSockets(2)
	return st
}

func (st *stage) waitSockets(number int) {
	st.t.Helper()
	must(st.t, st.fake.WaitFor(st.ctx(), func() bool { return st.fake.Sockets.Count() == number }))
}

// Case 9: the same event on two sockets is one fact.
func TestOneFactOnTwoSockets(t *testing.T) {
	t.Parallel()
	st := newStageOfTwoConnections(t)
	st.fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultDuplicate})
	ts := st.postAsAnn("", "hello")
	st.desk.First(t, fact.MessageID(st.channel, ts))
	st.waitAcknowledged()
	st.wantFacts("m:", 1)
}

// Case 10: a mention of us comes as two events with one stamp, and is one fact.
func TestMentionIsOneFact(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	st.fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultDuplicate})
	root := st.postRoot()
	id := fact.MessageID(st.channel, st.postAsAnn(root.Message, "<@"+st.fake.BotUserID()+"> snooze 2h"))
	a := st.waitAction(id)
	st.waitAcknowledged()
	st.wantFacts(id, 1)
	wantEqual(t, "verb", a.Verb, bridge.VerbSnooze)
	wantEqual(t, "until", a.Args.Until, "2h")
	wantEqual(t, "origin", a.Origin, bridge.OriginMention)
	wantEqual(t, "mentions us", a.MentionsBot, true)
}

// Case 31: what was said and edited while we were away is found, once, and one gap is announced for it.
func TestGapIsFilledOnce(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	root := st.postRoot()
	heard := st.postAsAnn(root.Message, "heard")
	st.desk.First(t, fact.MessageID(st.channel, heard))
	st.waitAcknowledged() // else Slack would bring it again, which is a gap of its own
	st.stop()
	st.fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultLose, Times: 3})
	missed := []string{st.postAsAnn(root.Message, "one"), st.postAsAnn(root.Message, "two")}
	must(t, st.fake.As(st.ann).Edit(st.channel, missed[0], "one, edited"))
	st.fake.ClearFaults()

	gaps := st.desk.Gaps()
	st.connect()
	for _, ts := range missed {
		a := st.waitAction(fact.MessageID(st.channel, ts))
		wantEqual(t, "origin", a.Origin, bridge.OriginCatchUp)
		wantEqual(t, "thread", a.Place.Thread, root.Message)
	}
	edit := st.waitAction("e:" + st.channel + ":" + missed[0])
	wantEqual(t, "verb of the edit", edit.Verb, bridge.VerbEdit)
	wantEqual(t, "text of the edit", edit.Text, "one, edited")
	st.wantFacts("m:", 1+len(missed))
	wantEqual(t, "gaps", st.desk.Gaps()-gaps, 1)
	if since, _ := st.surface.sweeper.Gap(); since.IsZero() {
		t.Error("the gap has no beginning")
	}
}

// A lost connection is opened again, and nothing is missed.
func TestReconnect(t *testing.T) {
	t.Parallel()
	st := newStageOfTwoConnections(t)
	root := st.postRoot()
	filled := st.desk.Fills()
	st.fake.Sockets.Drop()
	ts := st.postAsAnn(root.Message, "while reconnecting")
	st.desk.First(t, fact.MessageID(st.channel, ts))
	st.desk.Wait(t, "filled again", func() bool { return st.desk.Fills() > filled })
	st.waitSockets(2)
}

// A gap begins when the last connection is lost, not when one opens again: edits and deletions in between are not told, so that a
// reply whose hold ends then is read again before it leaves.
//
func TestGapBeginsWithTheLoss(t *testing.T) {
	t.Parallel()
	st := newStageOfTwoConnections(t)
	st.desk.Wait(t, "both are known to be open", func() bool { open, _ := st.surface.Connections(); return open == 2 })
	gaps := st.desk.Gaps()
	st.fake.Inject(slackfake.Fault{Method: "apps.connections.open", Kind: slackfake.FaultHTTP})
	st.fake.Sockets.Drop()
	st.desk.Wait(t, "a gap, while Slack lets nobody connect", func() bool { return st.desk.Gaps() > gaps })
	wantEqual(t, "the gap is open", hasGap(st.surface), true)
	wantEqual(t, "connections", st.fake.Sockets.Count(), 0)
	filled := st.desk.Fills()
	st.fake.ClearFaults()
	st.desk.Connected(t, filled+1)
}

// If all connections were lost together, the gap begins with the first loss, however long ago Slack couldn't be reached before that.
// If one was lost and the other only later, there is none.
func TestLostTogether(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for name, tt := range map[string]struct {
		lostAt map[int]time.Time // by the number of the connection
		since  time.Time         // zero if there is no gap
	}{
		"both a moment ago":           {lostAt: map[int]time.Time{0: ago(9 * time.Second), 1: ago(4 * time.Second)}, since: ago(9 * time.Second)},
		"one a moment ago":            {lostAt: map[int]time.Time{1: ago(4 * time.Second)}},
		"one after the other, slowly": {lostAt: map[int]time.Time{0: ago(time.Hour), 1: ago(4 * time.Second)}},
	} {
		w := &workspace{now: func() time.Time { return now }}
		c := &connections{intake: &intake{workspace: w}, wanted: 2, lostAt: tt.lostAt, allLostAt: ago(200 * time.Hour)}
		since, isGap := c.lostTogether()
		wantEqual(t, name+": there is a gap", isGap, !tt.since.IsZero())
		if isGap && !since.Equal(tt.since) {
			t.Errorf("%s: got a gap since %v, want since %v", name, since, tt.since)
		}
	}
}

// If the app was removed, people are told so, with what to do.
func TestUninstall(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	st.fake.Admin.Uninstall()
	st.desk.Wait(t, "a broken condition", func() bool {
		return slices.ContainsFunc(st.desk.Reports(), func(c channels.Condition) bool { return c.Status == channels.Broken && c.Hint != "" })
	})
}

// If Slack can't be reached at the start, people are told so, and again once it can.
func TestStartWithoutSlack(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.fake.Inject(slackfake.Fault{Method: "auth.test", Kind: slackfake.FaultHTTP, Times: 1})
	st.connect()
	reports := st.desk.Reports()
	if len(reports) < 2 {
		t.Fatalf("got the reports %+v, want at least two", reports)
	}
	wantEqual(t, "first report", reports[0].Status, channels.Broken)
	wantEqual(t, "last report", reports[len(reports)-1].Status, channels.Active)
}

// Case 6: a root that is deleted, with or without replies, is a deletion.
func TestDeletedRoots(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	alone, withReply := st.postAsAnn("", "mine"), st.postAsAnn("", "mine, too")
	st.postAsAnn(withReply, "reply")
	for _, ts := range []string{alone, withReply} {
		must(t, st.fake.As(st.ann).Delete(st.channel, ts))
		a := st.waitAction(fact.DeleteID(st.channel, ts))
		wantEqual(t, "verb", a.Verb, bridge.VerbDelete)
		wantEqual(t, "place", a.Place, bridge.Place{Channel: st.channel, Message: ts})
		wantEqual(t, "actor", a.Actor.ID, st.ann)
	}
}

// What people said at top level before we came is not read, nor are their threads, only ours. Threads that were read aren't read
// again without a reason.
func TestSweepReadsWhatConcernsUs(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var past atomic.Int64
	past.Store(int64(3 * time.Hour))
	st := newStage(t, func(_ *Options, f *slackfake.Options) {
		f.Clock = func() time.Time { return now.Add(-time.Duration(past.Load())) }
	})
	st.fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultLose})
	old := st.postAsAnn("", "long ago")
	st.postAsAnn(old, "a thread of theirs")
	root := st.postRoot()
	missed := st.postAsAnn(root.Message, "a reply long ago")
	past.Store(0)
	st.connect()
	st.desk.First(t, fact.MessageID(st.channel, missed))
	st.wantFacts("", 1)
	calls := len(st.fake.Calls("conversations.replies"))
	must(t, st.surface.history.catchUp(st.ctx(), st.self()))
	wantEqual(t, "threads read again", len(st.fake.Calls("conversations.replies"))-calls, 0)
}

// Case 31: an event whose connection is cut before we acknowledged it is brought again, and is one fact.
func TestCutBeforeAcknowledgement(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	st.fake.Inject(slackfake.Fault{Method: "event:message.channels", Kind: slackfake.FaultDrop, Times: 1})
	ts := st.postAsAnn("", "hello")
	st.desk.First(t, fact.MessageID(st.channel, ts))
	st.waitAcknowledged()
	st.wantFacts("m:", 1)
}

// Mentions in a text are replaced by the names of those who are agents, also when it is compared later with what stands in Slack.
func TestMentionsHaveNames(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	st.withFacts()
	st.fake.Admin.AddUser(slackfake.User{ID: "U0BEN", Name: "ben"})
	st.fake.Admin.AddUser(slackfake.User{ID: "U0EVE", Name: "eve"})
	root := st.postRoot()
	at := bridge.Place{Channel: st.channel, Message: st.postAsAnn(root.Message, "ask <@U0BEN> or <@U0EVE>")}
	a := st.waitAction(fact.MessageID(st.channel, at.Message))
	wantEqual(t, "text", a.Text, "ask @Ben or @U0EVE")
	wantEqual(t, "text as it was typed", a.Raw, a.Text)
	wantEqual(t, "mentions", strings.Join(a.Mentions, " "), "U0BEN U0EVE")
	must(t, st.fake.As(st.ann).Edit(st.channel, at.Message, "ask <@U0BEN>"))
	st.desk.First(t, "e:")
	got, err := st.surface.Confirm(st.ctx(), at, "ask @Ben")
	must(t, err)
	wantEqual(t, "compared with what stands in Slack", got, bridge.Unchanged)
}

// If Slack asks for fewer calls, Confirm returns how long to wait, instead of waiting itself.
func TestConfirmWhenLimited(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	root := st.postRoot()
	at := bridge.Place{Channel: st.channel, Thread: root.Message, Message: st.postAsAnn(root.Message, "hello")}
	st.fake.Inject(slackfake.Fault{Method: "conversations.replies", Kind: slackfake.FaultRateLimit, Retry: 3600, Times: 1})
	_, err := st.surface.Confirm(st.ctx(), at, "hello")
	wantEqual(t, "time to wait", wantSendError(t, err, channels.Throttled).Wait, time.Hour)
}
