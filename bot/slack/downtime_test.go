package slack

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slack-go/slack/socketmode"

	"parley/bot/slack/slackfake"
	"parley/channels"
)

// A gap is a time in which Parley missed events, for example because it wasn't running. These tests check what
// it reads afterwards from the channels' history. world (harness_test.go) puts a Surface between slackfake,
// which plays Slack and its people, and fakeDesk, which plays the engine.

// downtime is a world whose clock a test moves, with a surface that can be ended and started anew.
type downtime struct {
	*world

	past atomic.Int64 // how long before now Slack's and Parley's clocks are, in nanoseconds
	opt  Options      // of the surface, to make it anew
}

func newDowntime(t *testing.T) *downtime {
	t.Helper()
	d, now := &downtime{}, time.Now()
	clock := func() time.Time { return now.Add(-time.Duration(d.past.Load())) }
	d.world = newWorld(t, func(o *Options, f *slackfake.Options) { o.Now, f.Clock = clock, clock })
	d.opt = d.surface.opt
	return d
}

// setClockBack sets the clock of Slack and of Parley to so long before now.
func (d *downtime) setClockBack(by time.Duration) { d.past.Store(int64(by)) }

// newSurface makes another surface for the same workspace, as if a further process started.
func (d *downtime) newSurface() *Surface {
	d.t.Helper()
	s, err := New(d.opt)
	noError(d.t, err)
	return s
}

// restartLater ends the surface and makes a new one, which isn't connected yet. From now on Slack's events get
// lost, as they do when Slack has given up trying.
func (d *downtime) restartLater() {
	d.t.Helper()
	d.stop()
	d.surface = d.newSurface()
	d.fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultLose})
}

// catchUp has the surface look for what it may have missed, as it does when it is connected and every ten minutes.
func (d *downtime) catchUp() error {
	d.t.Helper()
	return d.surface.history.catchUp(d.ctx(), d.self())
}

// leaveHole leaves a hole in a thread: two replies were typed while Parley was down, and only the later one is
// stored. It returns the stamp of the lost one, which was typed five hours ago, and sets the clock to now.
func (d *downtime) leaveHole() (lost string) {
	d.t.Helper()
	d.setClockBack(6 * time.Hour)
	d.connect()
	root := d.postRoot()
	d.storeAsAnn(root.Message, "known")

	d.restartLater()
	d.setClockBack(5 * time.Hour)
	lost = d.postAsAnn(root.Message, "typed while Parley was down")

	d.setClockBack(4 * time.Hour)
	later := d.postAsAnn(root.Message, "typed while Parley was up for a moment")
	noError(d.t, d.desk.Accept(d.t.Context(), channels.Fact{ExternalID: d.messageID(later)}))
	d.setClockBack(0)
	return lost
}

// An agent's reply from hours ago is found, although a later one in its thread is stored. That happens if a process
// stores the later one, and ends before it has read what was missed before.
func TestReplyOfHoursAgoIsFoundBehindALaterOne(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	lost := d.leaveHole()
	d.fake.Inject(slackfake.Fault{Method: "conversations.history", Kind: slackfake.FaultHTTP, Times: 1})
	d.connect()
	d.desk.First(t, d.messageID(lost))
	d.wantFacts(allFacts, 3) // what was known, what was lost, and the later one
}

// An edit that was made in a gap is found in an old thread, although the message that was edited is older than the
// gap.
func TestEditInAnOldThreadIsFound(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	d.setClockBack(200 * 24 * time.Hour)
	d.connect()
	root := d.postRoot()
	d.desk.OpenThread(root)
	said := d.storeAsAnn(root.Message, "it comes on Monday")

	d.setClockBack(7 * time.Hour)
	noError(t, d.catchUp())

	d.restartLater()
	d.setClockBack(20 * time.Minute)
	noError(t, d.fake.As(d.ann).Edit(d.channel, said, "it comes on Tuesday"))

	d.setClockBack(0)
	d.connect()
	d.wantFacts("e:"+d.channel+":"+said, 1)
}

// A message that can't be read isn't passed over: it is put into quarantine once, as an unreadable event is.
func TestUnreadableReplyIsPutIntoQuarantine(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	var page historyPage
	noError(t, json.Unmarshal([]byte(`{"messages":[{"type":"message","ts":"1700000000.000100","user":"U0ANN","text":{"odd":true}}]}`), &page))
	for range 2 {
		noError(t, d.surface.history.storeMissing(d.ctx(), d.self(), d.channel, page.Messages))
	}
	facts := d.desk.Accepted()
	if len(facts) != 1 {
		t.Fatalf("got %d facts, want one: %v", len(facts), d.desk.IDs())
	}
	if facts[0].Quarantine == "" {
		t.Errorf("stored is %+v, want it in quarantine", facts[0])
	}
}

// An event that Slack brought before a connection ended is stored, also if the connection ends with the process.
// Slack wouldn't bring a click again.
func TestEventsBeforeTheEndAreStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := socketmode.New(w.surface.api)
	c := &connection{parent: w.surface.connections, self: w.self(), client: client}
	client.Events <- socketmode.Event{Type: socketmode.EventTypeEventsAPI, Request: &socketmode.Request{Payload: w.callbackOfReply("x")}}
	ended, end := context.WithCancel(w.ctx())
	end()
	c.drain(ended)
	w.wantFacts(allFacts, 1)
}
