package slack

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"parley/bot/slack/fact"
	"parley/bot/slack/slackfake"
	"parley/bot/sweep"
)

// leaveHoleOfReplica leaves a hole in a thread that only a second replica knows of, which ends before it has read what it missed. The
// first replica stored the thread's newest reply and goes on. It returns the stamp of the reply that is lost. The clock is at four
// hours ago then.
func (d *downtime) leaveHoleOfReplica() (lost string) {
	d.t.Helper()
	d.setClockBack(6 * time.Hour)
	d.connect()
	second := *d.stage
	s, err := New(d.opt)
	must(d.t, err)
	second.surface = s
	second.connect()
	root := d.postRoot()
	d.desk.First(d.t, fact.MessageID(d.channel, d.postAsAnn(root.Message, "known")))
	d.waitAcknowledged()
	d.setClockBack(5 * time.Hour)
	d.fake.Inject(slackfake.Fault{Method: "conversations.history", Kind: slackfake.FaultHTTP})
	d.fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultLose, Times: 1})
	lost = d.postAsAnn(root.Message, "typed while Slack left events out")
	body, err := json.Marshal(map[string]any{"type": "app_rate_limited", "team_id": d.fake.TeamID(), "api_app_id": d.fake.AppID()})
	must(d.t, err)
	must(d.t, s.intake.takeEvents(d.ctx(), second.self(), body))
	d.setClockBack(4 * time.Hour)
	d.desk.First(d.t, fact.MessageID(d.channel, d.postAsAnn(root.Message, "typed when Slack told again")))
	d.waitAcknowledged()
	second.stop()
	d.fake.ClearFaults()
	return lost
}

// sweepAt has the first replica sweep, as it does every ten minutes, with the clock set back.
func (d *downtime) sweepAt(ago time.Duration) {
	d.t.Helper()
	d.setClockBack(ago)
	must(d.t, d.surface.history.catchUp(d.ctx(), d.self()))
}

// A replica that ends before it has filled its gap leaves it to whoever is started next, although another one had
// everything that it knew of meanwhile.
func TestGapOfAReplicaThatEnded(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	lost := d.leaveHoleOfReplica()
	d.sweepAt(3*time.Hour + 50*time.Minute)
	d.wantFacts(fact.MessageID(d.channel, lost), 0) // found now, it would be too early for this test
	d.stop()
	s, err := New(d.opt)
	must(t, err)
	d.surface = s
	d.setClockBack(0)
	d.connect()
	d.desk.First(t, fact.MessageID(d.channel, lost))
}

// Nobody has to be started: the gap is taken over as soon as the engine says that a process has vanished, ...
func TestGapOfAReplicaThatVanished(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	lost := d.leaveHoleOfReplica()
	d.sweepAt(3*time.Hour + 50*time.Minute)
	d.surface.CatchUp(d.surface.now().Add(-8 * time.Second))
	d.desk.First(t, fact.MessageID(d.channel, lost))
}

// ... or when its mark hasn't moved for long: once, and then it is forgotten.
func TestAbandonedMark(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	lost := d.leaveHoleOfReplica()
	for minutes := range 5 {
		d.sweepAt(4*time.Hour - time.Duration(10*(minutes+1))*time.Minute)
	}
	d.wantFacts(fact.MessageID(d.channel, lost), 1)
	wantEqual(t, "marks, of processes that work", d.countMarks(), 1)
	calls := len(d.fake.Calls("conversations.replies"))
	d.sweepAt(3 * time.Hour)
	wantEqual(t, "threads read again", len(d.fake.Calls("conversations.replies"))-calls, 0)
}

// countMarks counts the processes that have a mark: until when they know everything.
func (d *downtime) countMarks() (n int) {
	d.t.Helper()
	kept, err := d.desk.Kept(d.ctx())
	must(d.t, err)
	for key := range kept {
		if strings.HasPrefix(key, "complete") {
			n++
		}
	}
	return n
}

// A process of an earlier version keeps one mark for all. It counts like any other, and is forgotten when none of that
// version works any more.
func TestMarkOfAnEarlierVersion(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	lost := d.leaveHole()
	d.setClockBack(0)
	early, err := json.Marshal(d.surface.now().Add(-5*time.Hour - time.Minute))
	must(t, err)
	kept, err := d.desk.Kept(d.ctx())
	must(t, err)
	for key := range kept {
		must(t, d.desk.Keep(d.ctx(), key, nil))
	}
	must(t, d.desk.Keep(d.ctx(), "complete", early))
	d.connect()
	d.desk.First(t, fact.MessageID(d.channel, lost))
	for minutes := range 5 {
		d.sweepAt(-time.Duration(10*(minutes+1)) * time.Minute)
	}
	wantEqual(t, "marks", d.countMarks(), 1)
}

// A process that was taken for ended but lives has its mark again with its next sweep at the latest.
func TestMarkOfALivingProcessReturns(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	d.connect()
	before, err := d.desk.Kept(d.ctx())
	must(t, err)
	for key := range before {
		must(t, d.desk.Keep(d.ctx(), key, nil))
	}
	d.fake.Inject(slackfake.Fault{Method: "conversations.history", Kind: slackfake.FaultError, Error: "no_such_answer"})
	d.surface.sweeper.Announce(d.surface.now())
	if d.surface.history.catchUp(d.ctx(), d.self()) == nil {
		t.Fatal("the pass did not fail")
	}
	after, err := d.desk.Kept(d.ctx())
	must(t, err)
	wantEqual(t, "marks before", len(before), 1)
	wantEqual(t, "marks after", len(after), 1)
	wantEqual(t, "mark after", onlyValue(after), onlyValue(before))
}

// onlyValue returns the value of a map with one key.
func onlyValue(m map[string]json.RawMessage) (value string) {
	for _, raw := range m {
		value = string(raw)
	}
	return value
}

// Processes that end in order leave one mark, that of the last one.
func TestMarkOfProcessesThatEnded(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	d.workOneAfterTheOther()
	kept, err := d.desk.Kept(d.ctx())
	must(t, err)
	wantEqual(t, "marks", len(kept), 1)
	wantWords(t, onlyValue(kept), d.surface.now().Format("15:04"))
}

// waitHasAll waits until the process knows that nothing is missing: one that ends before leaves its mark.
func (d *downtime) waitHasAll() {
	d.t.Helper()
	must(d.t, d.fake.WaitFor(d.ctx(), func() bool { return d.surface.connections.hasAll() && d.surface.history.filled.Load() }))
}

// workOneAfterTheOther starts three processes, eight hours ago the last one, and ends them.
func (d *downtime) workOneAfterTheOther() {
	d.t.Helper()
	var stops []func()
	for _, hours := range []int{10, 9, 8} {
		d.setClockBack(time.Duration(hours) * time.Hour)
		s, err := New(d.opt)
		must(d.t, err)
		d.surface = s
		d.connect()
		d.waitAcknowledged()
		d.waitHasAll()
		stops = append(stops, d.stop)
	}
	for _, stop := range stops {
		stop()
	}
}

// Processes that never come to work leave no more than a few marks, and the least of all marks stays.
func TestFewMarks(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	d.workOneAfterTheOther()
	ended := d.surface.now()
	d.setClockBack(0)
	for range 2 * sweep.MaxMarks {
		s, err := New(d.opt)
		must(t, err)
		must(t, s.history.marks.Begin(d.ctx()))
	}
	if n := d.countMarks(); n > sweep.MaxMarks {
		t.Errorf("got %d marks, want at most %d", n, sweep.MaxMarks)
	}
	m, err := d.surface.history.marks.Inspect(d.ctx())
	must(t, err)
	if m.Least.After(ended) {
		t.Errorf("the least mark is %v, want that of the process that ended at %v", m.Least, ended)
	}
}
