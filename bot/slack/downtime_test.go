package slack

import (
	"context"
	"encoding/json"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"parley/bot/slack/fact"
	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/channels"
)

// downtime is a workspace whose clock a test moves, with a surface that can be started anew.
type downtime struct {
	*stage

	past atomic.Int64 // how long before now Slack's and Parley's clocks are
	opt  Options
}

func newDowntime(t *testing.T) *downtime {
	t.Helper()
	d, now := &downtime{}, time.Now()
	clock := func() time.Time { return now.Add(-time.Duration(d.past.Load())) }
	d.stage = newStage(t, false, func(o *Options, f *slackfake.Options) { o.Now, f.Clock = clock, clock })
	d.opt = d.s.opt
	return d
}

// ago sets the clock.
func (d *downtime) ago(past time.Duration) { d.past.Store(int64(past)) }

// down ends the surface. From now on Slack's events get lost, as they do when Slack has given up trying.
func (d *downtime) down() {
	d.t.Helper()
	d.stop()
	s, err := New(d.opt)
	must(d.t, err)
	d.s = s
	d.fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultLose})
}

// hole leaves a hole in a thread: of two replies typed while Parley was down the later one is stored. It gives the stamp of
// the one that is lost, and sets the clock to now.
func (d *downtime) hole() string {
	d.t.Helper()
	d.ago(6 * time.Hour)
	d.run()
	root := d.root()
	d.desk.First(d.t, fact.MessageID(d.ch, d.say(root.Message, "known")))
	d.down()
	d.ago(5 * time.Hour)
	lost := d.say(root.Message, "typed while Parley was down")
	d.ago(4 * time.Hour)
	later := d.say(root.Message, "typed while Parley was up for a moment")
	must(d.t, d.desk.Accept(d.t.Context(), channels.Fact{ExternalID: fact.MessageID(d.ch, later)}))
	d.ago(0)
	return lost
}

// An agent's reply from hours ago is found, although a later one of its thread is stored: by a process
// that ended before it had read what the ones before it had missed.
func TestDownForHours(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	lost := d.hole()
	d.fake.Inject(slackfake.Fault{Method: "conversations.history", Kind: slackfake.FaultHTTP, Times: 1})
	d.run()
	d.desk.First(t, fact.MessageID(d.ch, lost))
	if n := len(d.desk.IDs()); n != 3 {
		t.Errorf("facts %v", d.desk.IDs())
	}
}

// A conversation that has been open for longer than the channel's history is read gets its reply, too.
func TestDownBesideAnOldThread(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	d.ago(200 * 24 * time.Hour)
	d.run()
	root, gone := d.root(), bridge.Place{Channel: "C0GONE", Message: "1600000000.000100"}
	d.desk.OpenThread(root)
	d.desk.OpenThread(gone)
	d.ago(7 * time.Hour)
	d.desk.First(t, fact.MessageID(d.ch, d.say(root.Message, "known")))
	must(t, d.s.history.catchUp(d.ctx(), testSelfOf(d.stage)))
	d.down()
	d.ago(6 * time.Hour)
	lost := d.say(root.Message, "typed while Parley was down")
	d.ago(0)
	d.run()
	d.desk.First(t, fact.MessageID(d.ch, lost))
}

// A pass that is made before the first connection, when nobody knows yet what was missed, makes nobody forget since
// when something may be missing.
func TestSweepBeforeTheFirstConnection(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	lost := d.hole()
	must(t, d.s.history.catchUp(d.ctx(), testSelfOf(d.stage)))
	d.run()
	d.desk.First(t, fact.MessageID(d.ch, lost))
}

// Threads are read one by one. Where there are many, replies that wait to be read again before they leave get a part of
// the calls that Slack allows; and one that Slack refuses to read keeps none of the others from being read.
func TestManyOldThreads(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	d.ago(200 * 24 * time.Hour)
	d.run()
	var roots []bridge.Place
	for range oldThreadsAtOnce + 3 {
		roots = append(roots, d.root())
		d.desk.OpenThread(roots[len(roots)-1])
	}
	d.down()
	d.ago(30 * time.Minute)
	lost := d.say(roots[len(roots)-1].Message, "typed while Parley was down")
	d.ago(0)
	d.fake.Inject(slackfake.Fault{Method: "conversations.replies", Kind: slackfake.FaultError, Error: "no_such_answer", Times: 1})
	before := len(d.fake.Calls("conversations.replies"))
	var read []int
	d.s.history.wait = func(context.Context, time.Duration) bool {
		read = append(read, len(d.fake.Calls("conversations.replies"))-before)
		return true
	}
	d.s.CatchUp(time.Time{})
	if err := d.s.history.catchUp(d.ctx(), testSelfOf(d.stage)); codeOf(err) != "no_such_answer" {
		t.Errorf("the first failure is not told, but %v", err)
	}
	if list := d.desk.IDs(); !slices.Contains(list, fact.MessageID(d.ch, lost)) {
		t.Errorf("of %s only %v are stored", lost, list)
	}
	if want := []int{oldThreadsAtOnce, oldThreadsAtOnce + 1, oldThreadsAtOnce + 2}; !slices.Equal(read, want) {
		t.Errorf("before the pauses %v threads were read, want %v", read, want)
	}
}

// A thread that Slack refuses to show keeps none of its channel's others from being read, and the pass is made again for it.
func TestThreadThatIsRefused(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	d.ago(30 * time.Minute)
	d.run()
	roots := []bridge.Place{d.root(), d.root()}
	d.down()
	d.ago(20 * time.Minute)
	lost := []string{d.say(roots[0].Message, "typed while Parley was down"), d.say(roots[1].Message, "typed then, too")}
	d.ago(0)
	d.fake.Inject(slackfake.Fault{Method: "conversations.replies", Kind: slackfake.FaultError, Error: "no_such_answer", Times: 1})
	d.s.CatchUp(time.Time{})
	if err := d.s.history.catchUp(d.ctx(), testSelfOf(d.stage)); codeOf(err) != "no_such_answer" {
		t.Errorf("the failure is not told, but %v", err)
	}
	if list := d.desk.IDs(); len(list) != 1 {
		t.Errorf("beside the thread that was refused %v are stored", list)
	}
	must(t, d.s.history.catchUp(d.ctx(), testSelfOf(d.stage)))
	for _, ts := range lost {
		if list := d.desk.IDs(); !slices.Contains(list, fact.MessageID(d.ch, ts)) {
			t.Errorf("of %s only %v are stored", ts, list)
		}
	}
}

// A message that can't be read is set aside, as an event would be, and not passed over without a word.
func TestUnreadableReplyIsSetAside(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	var page historyPage
	must(t, json.Unmarshal([]byte(`{"messages":[{"type":"message","ts":"1700000000.000100","user":"U0ANN","text":{"odd":true}}]}`), &page))
	for range 2 {
		must(t, d.s.history.storeMissing(d.ctx(), testSelfOf(d.stage), d.ch, page.Messages))
	}
	if f := d.desk.Accepted(); len(f) != 1 || f[0].Quarantine == "" {
		t.Errorf("stored: %+v", f)
	}
}
