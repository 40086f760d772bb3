package slack

import (
	"encoding/json"
	"errors"
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
	st := newStage(t, true)
	root := st.root()
	ts := st.say(root.Message, "On our way")
	f := st.desk.First(t, "m:"+st.ch+":"+ts)
	if f.OrderKey != st.ch+":"+root.Message {
		t.Errorf("order key %q", f.OrderKey)
	}
	a := st.decode(f)
	if a.Verb != bridge.VerbSay || a.Text != "On our way" || a.Actor != (bridge.Actor{ID: st.ann, Kind: bridge.ActorPerson}) {
		t.Errorf("got %+v", a)
	}
	if a.Place != (bridge.Place{Channel: st.ch, Thread: root.Message, Message: ts}) || a.Order != ts {
		t.Errorf("place %+v, order %q", a.Place, a.Order)
	}
	if err := st.fake.WaitFor(st.ctx(), func() bool { return st.fake.Events.Pending() == 0 }); err != nil {
		t.Errorf("not acknowledged: %v", err)
	}
}

// Case 8: what we post ourselves is not stored.
func TestOwnEchoIsIgnored(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	root := st.root()
	ts := st.say(root.Message, "after")
	st.desk.First(t, "m:"+st.ch+":"+ts)
	for _, id := range st.desk.IDs() {
		if strings.Contains(id, root.Message) && !strings.Contains(id, ts) {
			t.Errorf("own post stored as %s", id)
		}
	}
}

// Case 30: an unknown event is acknowledged and of no interest; one that can't be read is
// stored under its hash and acknowledged.
func TestUnknownAndMalformedEvents(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	st.fake.Admin.SendEvent("message.channels", st.ch, map[string]any{"type": "hologram_added", "channel": st.ch})
	st.fake.Admin.SendEvent("message.channels", st.ch, map[string]any{"type": "message", "channel": st.ch, "ts": 17})
	st.desk.Wait(t, "one quarantined", func() bool {
		return st.desk.Number("q:") == 1 && st.desk.First(t, "q:").Quarantine != ""
	})
	if err := st.fake.WaitFor(st.ctx(), func() bool { return st.fake.Events.Pending() == 0 }); err != nil {
		t.Errorf("not acknowledged: %v", err)
	}
	if ids := st.desk.IDs(); len(ids) != 1 {
		t.Errorf("stored %v", ids)
	}
}

// What a click that can't be read would let a reader of the journal do isn't kept with it.
func TestUnreadableClickWithoutSecrets(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	me := testSelfOf(st)
	const secrets = `"token":"secret","response_url":"https://hooks.slack.test/secret",`
	for _, body := range []string{
		`{"type":"block_actions","api_app_id":"` + me.App + `",` + secrets + `"team":{"id":"` + me.Team + `"},"user":{"id":"U1"},"actions":[{"type":"button","action_id":"x"}]}`,
		`{"type":7,` + secrets + `"trigger_id":"1"}`,
	} {
		before := len(st.desk.Accepted())
		_, err := st.s.intake.takeInteraction(st.ctx(), me, []byte(body))
		must(t, err)
		kept := st.desk.Accepted()[before:]
		if len(kept) != 1 || kept[0].Quarantine == "" || strings.Contains(string(kept[0].Payload), "secret") {
			t.Errorf("of %s is kept %+v", body, kept)
		}
	}
}

// An event that can't be stored is not acknowledged, and comes again.
func TestRefusedEventComesAgain(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	st := newStage(t, true, func(_ *Options, f *slackfake.Options) {
		f.Clock = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	before := st.desk.Attempts()
	st.desk.Refuse(errors.New("database gone"))
	ts := st.say("", "hello")
	st.desk.Wait(t, "an attempt", func() bool { return st.desk.Attempts() > before })
	if st.fake.Events.Pending() == 0 {
		t.Error("acknowledged although not stored")
	}
	st.desk.Refuse(nil)
	ahead.Store(int64(time.Minute)) // Slack waits no longer
	st.desk.First(t, "m:"+st.ch+":"+ts)
}

// What Slack could not bring at once may come before what was said earlier, so that is looked for, and replies wait for it.
func TestEventBroughtAgainBySocket(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	c := &connection{parent: st.s.connections, me: testSelfOf(st), client: socketmode.New(st.s.api)}
	body := json.RawMessage(saidInThread(st))
	for again, gaps := range []int{0, 1} {
		before := st.desk.Gaps()
		c.handleEvents(st.ctx(), socketmode.Event{Type: socketmode.EventTypeEventsAPI, Request: &socketmode.Request{Payload: body, RetryAttempt: again}})
		if st.desk.Gaps() != before+gaps || len(st.desk.IDs()) != 1 {
			t.Errorf("attempt %d: %d gaps, facts %v", again, st.desk.Gaps()-before, st.desk.IDs())
		}
	}
	if a := openEnvelope([]byte(`{"envelope_id":"E","type":"events_api","retry_attempt":2,"payload":{}}`)); a.retry != 2 {
		t.Errorf("read %+v", a)
	}
}

func twoConnections(o *Options, _ *slackfake.Options) { o.Connections = 2 }

// Case 9: the same event on two sockets.
func TestOneFactOnTwoSockets(t *testing.T) {
	t.Parallel()
	st := newStage(t, true, twoConnections)
	if err := st.fake.WaitFor(st.ctx(), func() bool { return st.fake.Sockets.Count() == 2 }); err != nil {
		t.Fatal(err)
	}
	st.fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultDuplicate})
	ts := st.say("", "hello")
	st.desk.First(t, "m:"+st.ch+":"+ts)
	if err := st.fake.WaitFor(st.ctx(), func() bool { return st.fake.Events.Pending() == 0 }); err != nil {
		t.Fatal(err)
	}
	if n := st.desk.Number("m:"); n != 1 {
		t.Errorf("%d facts", n)
	}
}

// Case 10: message and app_mention of one ts.
func TestMentionIsOneFact(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	st.fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultDuplicate})
	root := st.root()
	ts := st.say(root.Message, "<@"+st.fake.BotUserID()+"> snooze 2h")
	f := st.desk.First(t, "m:"+st.ch+":"+ts)
	if err := st.fake.WaitFor(st.ctx(), func() bool { return st.fake.Events.Pending() == 0 }); err != nil {
		t.Fatal(err)
	}
	if n := st.desk.Number("m:" + st.ch + ":" + ts); n != 1 {
		t.Errorf("%d facts", n)
	}
	a := st.decode(f)
	if a.Verb != bridge.VerbSnooze || a.Origin != bridge.OriginMention || a.Args.Until != "2h" || !a.MentionsBot {
		t.Errorf("got %+v", a)
	}
}

// Case 31: what was said while we were away is found, once, and the gap is told.
func TestGapIsFilledOnce(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	root := st.root()
	first := st.say(root.Message, "heard")
	st.desk.First(t, "m:"+st.ch+":"+first)
	st.acknowledged() // else Slack would bring it again, which is a gap of its own
	st.stop()
	st.fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultLose, Times: 3})
	missed := []string{st.say(root.Message, "one"), st.say(root.Message, "two")}
	if err := st.fake.As(st.ann).Edit(st.ch, missed[0], "one, edited"); err != nil {
		t.Fatal(err)
	}
	st.fake.ClearFaults()
	gaps := st.desk.Gaps()
	st.run()
	for _, ts := range missed {
		f := st.desk.First(t, "m:"+st.ch+":"+ts)
		if a := st.decode(f); a.Origin != bridge.OriginCatchUp || a.Place.Thread != root.Message {
			t.Errorf("got %+v", a)
		}
	}
	e := st.desk.First(t, "e:"+st.ch+":"+missed[0])
	if a := st.decode(e); a.Verb != bridge.VerbEdit || a.Text != "one, edited" {
		t.Errorf("got %+v", a)
	}
	if st.desk.Number("m:") != 3 {
		t.Errorf("facts %v", st.desk.IDs())
	}
	if since, _ := st.s.sweeper.Gap(); st.desk.Gaps() != gaps+1 || since.IsZero() {
		t.Errorf("%d gaps, the latest since %v", st.desk.Gaps()-gaps, since)
	}
}

// A lost connection is opened again; nothing is missed.
func TestReconnect(t *testing.T) {
	t.Parallel()
	st := newStage(t, true, twoConnections)
	if err := st.fake.WaitFor(st.ctx(), func() bool { return st.fake.Sockets.Count() == 2 }); err != nil {
		t.Fatal(err)
	}
	root := st.root()
	filled := st.desk.Fills()
	st.fake.Sockets.Drop()
	ts := st.say(root.Message, "while reconnecting")
	st.desk.First(t, "m:"+st.ch+":"+ts)
	st.desk.Wait(t, "filled again", func() bool { return st.desk.Fills() > filled })
	if err := st.fake.WaitFor(st.ctx(), func() bool { return st.fake.Sockets.Count() == 2 }); err != nil {
		t.Errorf("sockets: %d", st.fake.Sockets.Count())
	}
}

// The gap begins when the last connection is lost, not when one opens again: what is edited or deleted between is not
// told, and a reply whose hold ends then is read again before it leaves.
//
func TestGapBeginsWithTheLoss(t *testing.T) {
	t.Parallel()
	st := newStage(t, true, twoConnections)
	must(t, st.fake.WaitFor(st.ctx(), func() bool { return st.fake.Sockets.Count() == 2 }))
	st.desk.Wait(t, "both are known to be open", func() bool { open, _ := st.s.Connections(); return open == 2 })
	gaps := st.desk.Gaps()
	st.fake.Inject(slackfake.Fault{Method: "apps.connections.open", Kind: slackfake.FaultHTTP})
	st.fake.Sockets.Drop()
	st.desk.Wait(t, "a gap, while Slack lets nobody connect", func() bool { return st.desk.Gaps() > gaps })
	if _, open := st.s.sweeper.Gap(); !open || st.fake.Sockets.Count() != 0 {
		t.Errorf("a gap is open: %v, beside %d connections", open, st.fake.Sockets.Count())
	}
	filled := st.desk.Fills()
	st.fake.ClearFaults()
	st.desk.Connected(t, filled+1)
}

// A gap in which all connections were lost begins with the first of them, however long ago Slack was out
// of reach before that.
func TestLostTogether(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for name, c := range map[string]struct {
		lostAt map[int]time.Time
		since  time.Time // zero = it is no gap
	}{
		"both a moment ago":           {map[int]time.Time{0: ago(9 * time.Second), 1: ago(4 * time.Second)}, ago(9 * time.Second)},
		"one a moment ago":            {map[int]time.Time{1: ago(4 * time.Second)}, time.Time{}},
		"one after the other, slowly": {map[int]time.Time{0: ago(time.Hour), 1: ago(4 * time.Second)}, time.Time{}},
	} {
		links := &connections{intake: &intake{workspace: &workspace{now: func() time.Time { return now }}}, wanted: 2, lostAt: c.lostAt, allLostAt: ago(200 * time.Hour)}
		since, together := links.lostTogether()
		if together != !c.since.IsZero() || together && !since.Equal(c.since) {
			t.Errorf("%s: a gap since %v, %v, want %v", name, since, together, c.since)
		}
	}
}

// An app that was removed is told to people.
func TestUninstall(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	st.fake.Admin.Uninstall()
	st.desk.Wait(t, "a broken condition", func() bool {
		return slices.ContainsFunc(st.desk.Reports(), func(c channels.Condition) bool { return c.Status == channels.Broken && c.Hint != "" })
	})
}

// Slack that can't be reached at start is told, and tried again.
func TestStartWithoutSlack(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	st.fake.Inject(slackfake.Fault{Method: "auth.test", Kind: slackfake.FaultHTTP, Times: 1})
	st.run()
	if told := st.desk.Reports(); len(told) < 2 || told[0].Status != channels.Broken || told[len(told)-1].Status != channels.Active {
		t.Errorf("reports %+v", told)
	}
}

// Case 6: a root that is deleted, with and without replies, is a deletion.
func TestDeletedRoots(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	for _, replies := range []bool{true, false} {
		ts := st.say("", "mine")
		if replies {
			st.say(ts, "reply")
		}
		must(t, st.fake.As(st.ann).Delete(st.ch, ts))
		a := st.decode(st.desk.First(t, fact.DeleteID(st.ch, ts)))
		if a.Verb != bridge.VerbDelete || a.Place != (bridge.Place{Channel: st.ch, Message: ts}) || a.Actor.ID != st.ann {
			t.Errorf("with replies %v: %+v", replies, a)
		}
	}
}

// People's words at top level from before our time are not dug out; threads of others aren't
// read.
func TestSweepReadsWhatConcernsUs(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var past atomic.Int64
	past.Store(int64(3 * time.Hour))
	st := newStage(t, false, func(_ *Options, f *slackfake.Options) {
		f.Clock = func() time.Time { return now.Add(-time.Duration(past.Load())) }
	})
	st.fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultLose})
	old := st.say("", "long ago")
	st.say(old, "a thread of theirs")
	root := st.root()
	missed := st.say(root.Message, "a reply long ago")
	past.Store(0)
	st.run()
	st.desk.First(t, fact.MessageID(st.ch, missed))
	if n := len(st.desk.IDs()); n != 1 {
		t.Errorf("facts %v", st.desk.IDs())
	}
	calls := len(st.fake.Calls("conversations.replies"))
	must(t, st.s.history.catchUp(st.ctx(), testSelfOf(st)))
	if n := len(st.fake.Calls("conversations.replies")); n != calls {
		t.Errorf("%d threads were read again", n-calls)
	}
}

// Case 31: a connection that is cut before the acknowledgement counts.
func TestCutBeforeAcknowledgement(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	st.fake.Inject(slackfake.Fault{Method: "event:message.channels", Kind: slackfake.FaultDrop, Times: 1})
	ts := st.say("", "hello")
	st.desk.First(t, fact.MessageID(st.ch, ts))
	must(t, st.fake.WaitFor(st.ctx(), func() bool { return st.fake.Events.Pending() == 0 }))
	if n := st.desk.Number("m:"); n != 1 {
		t.Errorf("facts %v", st.desk.IDs())
	}
}

// Mentions are stored with the names of those who are agents.
func TestMentionsHaveNames(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	st.withFacts()
	st.fake.Admin.AddUser(slackfake.User{ID: "U0BEN", Name: "ben"})
	st.fake.Admin.AddUser(slackfake.User{ID: "U0EVE", Name: "eve"})
	root := st.root()
	at := bridge.Place{Channel: st.ch, Message: st.say(root.Message, "ask <@U0BEN> or <@U0EVE>")}
	a := st.decode(st.desk.First(t, fact.MessageID(st.ch, at.Message)))
	if a.Text != "ask @Ben or @U0EVE" || a.Raw != a.Text || len(a.Mentions) != 2 {
		t.Errorf("got %+v", a)
	}
	must(t, st.fake.As(st.ann).Edit(st.ch, at.Message, "ask <@U0BEN>"))
	st.desk.First(t, "e:")
	if got, err := st.s.Confirm(st.ctx(), at, "ask @Ben"); err != nil || got != bridge.Unchanged {
		t.Errorf("%v %v", got, err)
	}
}

// A message that can't be read again because Slack asks for fewer calls says how long to wait, and
// doesn't keep its caller for that time.
func TestConfirmWhenLimited(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	root := st.root()
	at := bridge.Place{Channel: st.ch, Thread: root.Message, Message: st.say(root.Message, "hello")}
	st.fake.Inject(slackfake.Fault{Method: "conversations.replies", Kind: slackfake.FaultRateLimit, Retry: 3600, Times: 1})
	_, err := st.s.Confirm(st.ctx(), at, "hello")
	var se *channels.SendError
	if !errors.As(err, &se) || se.Wait != time.Hour {
		t.Errorf("got %v", err)
	}
}
