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
	d.stage = newStage(t, func(o *Options, f *slackfake.Options) { o.Now, f.Clock = clock, clock })
	d.opt = d.surface.opt
	return d
}

// setClockBack sets the clock of Slack and of Parley to some time before now.
func (d *downtime) setClockBack(by time.Duration) { d.past.Store(int64(by)) }

// shutDown ends the surface. From now on Slack's events get lost, as they do when Slack has given up trying.
func (d *downtime) shutDown() {
	d.t.Helper()
	d.stop()
	s, err := New(d.opt)
	must(d.t, err)
	d.surface = s
	d.fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultLose})
}

// leaveHole leaves a hole in a thread: of two replies that were typed while Parley was down, the later one is stored. It returns
// the stamp of the one that is lost, and sets the clock to now.
func (d *downtime) leaveHole() string {
	d.t.Helper()
	d.setClockBack(6 * time.Hour)
	d.connect()
	root := d.postRoot()
	d.desk.First(d.t, fact.MessageID(d.channel, d.postAsAnn(root.Message, "known")))
	d.shutDown()
	d.setClockBack(5 * time.Hour)
	lost := d.postAsAnn(root.Message, "typed while Parley was down")
	d.setClockBack(4 * time.Hour)
	later := d.postAsAnn(root.Message, "typed while Parley was up for a moment")
	must(d.t, d.desk.Accept(d.t.Context(), channels.Fact{ExternalID: fact.MessageID(d.channel, later)}))
	d.setClockBack(0)
	return lost
}

// An agent's reply from hours ago is found, although a later one of its thread is stored: by a process
// that ended before it had read what it had missed before that one.
func TestDownForHours(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	lost := d.leaveHole()
	d.fake.Inject(slackfake.Fault{Method: "conversations.history", Kind: slackfake.FaultHTTP, Times: 1})
	d.connect()
	d.desk.First(t, fact.MessageID(d.channel, lost))
	d.wantFacts("", 3) // what was known, what was lost, and the later one
}

// A conversation that has been open for longer than the channel's history is read gets its reply, too.
func TestDownBesideAnOldThread(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	d.setClockBack(200 * 24 * time.Hour)
	d.connect()
	root, gone := d.postRoot(), bridge.Place{Channel: "C0GONE", Message: "1600000000.000100"}
	d.desk.OpenThread(root)
	d.desk.OpenThread(gone)
	d.setClockBack(7 * time.Hour)
	d.desk.First(t, fact.MessageID(d.channel, d.postAsAnn(root.Message, "known")))
	must(t, d.surface.history.catchUp(d.ctx(), d.self()))
	d.shutDown()
	d.setClockBack(6 * time.Hour)
	lost := d.postAsAnn(root.Message, "typed while Parley was down")
	d.setClockBack(0)
	d.connect()
	d.desk.First(t, fact.MessageID(d.channel, lost))
}

// Nobody knows before the first connection what was missed. A sweep that is made before it doesn't forget since when something may
// be missing.
func TestSweepBeforeTheFirstConnection(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	lost := d.leaveHole()
	must(t, d.surface.history.catchUp(d.ctx(), d.self()))
	d.connect()
	d.desk.First(t, fact.MessageID(d.channel, lost))
}

// readOldThreads leaves more open threads than are read at once, with a lost reply in the last one, and reads them after Slack
// refused the first. It returns the fact of the lost reply, and how many threads were read before each pause.
func readOldThreads(t *testing.T, d *downtime) (lost string, readBeforePauses []int, err error) {
	t.Helper()
	d.setClockBack(200 * 24 * time.Hour)
	d.connect()
	var last bridge.Place
	for range oldThreadsAtOnce + 3 {
		last = d.postRoot()
		d.desk.OpenThread(last)
	}
	d.shutDown()
	d.setClockBack(30 * time.Minute)
	lost = fact.MessageID(d.channel, d.postAsAnn(last.Message, "typed while Parley was down"))
	d.setClockBack(0)
	d.fake.Inject(slackfake.Fault{Method: "conversations.replies", Kind: slackfake.FaultError, Error: "no_such_answer", Times: 1})
	before := len(d.fake.Calls("conversations.replies"))
	d.surface.history.wait = func(context.Context, time.Duration) bool {
		readBeforePauses = append(readBeforePauses, len(d.fake.Calls("conversations.replies"))-before)
		return true
	}
	d.surface.CatchUp(time.Time{})
	err = d.surface.history.catchUp(d.ctx(), d.self())
	return lost, readBeforePauses, err
}

// Threads are read one by one. If there are many, pauses leave some of the calls that Slack allows to replies that wait to be read
// again before they leave. A thread that Slack refuses to read keeps none of the others from being read.
func TestManyOldThreads(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	lost, read, err := readOldThreads(t, d)
	wantEqual(t, "error of the thread that is refused", codeOf(err), "no_such_answer")
	if ids := d.desk.IDs(); !slices.Contains(ids, lost) {
		t.Errorf("stored are %v, want %s among them", ids, lost)
	}
	if want := []int{oldThreadsAtOnce, oldThreadsAtOnce + 1, oldThreadsAtOnce + 2}; !slices.Equal(read, want) {
		t.Errorf("before the pauses %v threads were read, want %v", read, want)
	}
}

// A thread that Slack refuses to show keeps none of its channel's others from being read, and is read by the next sweep.
func TestThreadThatIsRefused(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	d.setClockBack(30 * time.Minute)
	d.connect()
	roots := []bridge.Place{d.postRoot(), d.postRoot()}
	d.shutDown()
	d.setClockBack(20 * time.Minute)
	lost := []string{d.postAsAnn(roots[0].Message, "typed while Parley was down"), d.postAsAnn(roots[1].Message, "typed then, too")}
	d.setClockBack(0)
	d.fake.Inject(slackfake.Fault{Method: "conversations.replies", Kind: slackfake.FaultError, Error: "no_such_answer", Times: 1})
	d.surface.CatchUp(time.Time{})
	err := d.surface.history.catchUp(d.ctx(), d.self())
	wantEqual(t, "error of the thread that is refused", codeOf(err), "no_such_answer")
	d.wantFacts("", 1) // of the other thread
	must(t, d.surface.history.catchUp(d.ctx(), d.self()))
	for _, ts := range lost {
		d.wantFacts(fact.MessageID(d.channel, ts), 1)
	}
}

// A message that can't be read is put into quarantine once, as an event would be, and not passed over without a word.
func TestUnreadableReplyIsSetAside(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	var page historyPage
	must(t, json.Unmarshal([]byte(`{"messages":[{"type":"message","ts":"1700000000.000100","user":"U0ANN","text":{"odd":true}}]}`), &page))
	for range 2 {
		must(t, d.surface.history.storeMissing(d.ctx(), d.self(), d.channel, page.Messages))
	}
	d.wantFacts("", 1)
	if f := d.desk.Accepted()[0]; f.Quarantine == "" {
		t.Errorf("stored is %+v, want it in quarantine", f)
	}
}
