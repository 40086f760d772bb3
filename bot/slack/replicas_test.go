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

// beside leaves a hole in a thread that only a second replica knows of, which ends before it has read what it missed. The
// first replica stored the thread's newest reply and goes on. It gives the stamp of the reply that is lost; the clock is at
// four hours ago.
func (d *downtime) beside() (lost string) {
	d.t.Helper()
	d.ago(6 * time.Hour)
	d.run()
	second := *d.stage
	s, err := New(d.opt)
	must(d.t, err)
	second.s = s
	second.run()
	root := d.root()
	d.desk.First(d.t, fact.MessageID(d.ch, d.say(root.Message, "known")))
	d.acknowledged()
	d.ago(5 * time.Hour)
	d.fake.Inject(slackfake.Fault{Method: "conversations.history", Kind: slackfake.FaultHTTP})
	d.fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultLose, Times: 1})
	lost = d.say(root.Message, "typed while Slack left events out")
	body, err := json.Marshal(map[string]any{"type": "app_rate_limited", "team_id": d.fake.TeamID(), "api_app_id": d.fake.AppID()})
	must(d.t, err)
	must(d.t, s.intake.takeEvents(d.ctx(), testSelfOf(&second), body))
	d.ago(4 * time.Hour)
	d.desk.First(d.t, fact.MessageID(d.ch, d.say(root.Message, "typed when Slack told again")))
	d.acknowledged()
	second.stop()
	d.fake.ClearFaults()
	return lost
}

// acknowledged waits until Slack knows that all has arrived. What it has to bring again opens a gap.
func (st *stage) acknowledged() {
	st.t.Helper()
	must(st.t, st.fake.WaitFor(st.ctx(), func() bool { return st.fake.Events.Pending() == 0 }))
}

// pass has the first replica look around, as it does every ten minutes.
func (d *downtime) pass(ago time.Duration) {
	d.t.Helper()
	d.ago(ago)
	must(d.t, d.s.history.catchUp(d.ctx(), testSelfOf(d.stage)))
}

// A replica that ends before it has filled its gap leaves it to whoever is started next, although another one had
// everything that it knew of meanwhile.
func TestGapOfAReplicaThatEnded(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	lost := d.beside()
	d.pass(3*time.Hour + 50*time.Minute)
	if d.desk.Number(fact.MessageID(d.ch, lost)) != 0 {
		t.Fatal("found too early for this test")
	}
	d.stop()
	s, err := New(d.opt)
	must(t, err)
	d.s = s
	d.ago(0)
	d.run()
	d.desk.First(t, fact.MessageID(d.ch, lost))
}

// Without a start the gap is taken over as soon as the engine says that a process has vanished, ...
func TestGapOfAReplicaThatVanished(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	lost := d.beside()
	d.pass(3*time.Hour + 50*time.Minute)
	d.s.CatchUp(d.s.now().Add(-8 * time.Second))
	d.desk.First(t, fact.MessageID(d.ch, lost))
}

// ... or when its mark hasn't moved for long: once, and then it is forgotten.
func TestAbandonedMark(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	lost := d.beside()
	for minutes := range 5 {
		d.pass(4*time.Hour - time.Duration(10*(minutes+1))*time.Minute)
	}
	if list := d.desk.IDs(); d.desk.Number(fact.MessageID(d.ch, lost)) != 1 {
		t.Errorf("facts %v", list)
	}
	if n := d.marks(); n != 1 {
		t.Errorf("%d marks are kept, want that of the process that works", n)
	}
	calls := len(d.fake.Calls("conversations.replies"))
	d.pass(3 * time.Hour)
	if n := len(d.fake.Calls("conversations.replies")) - calls; n != 0 {
		t.Errorf("%d threads were read again", n)
	}
}

// marks says how many processes have a mark.
func (d *downtime) marks() (n int) {
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
	lost := d.hole()
	d.ago(0)
	early, err := json.Marshal(d.s.now().Add(-5*time.Hour - time.Minute))
	must(t, err)
	kept, err := d.desk.Kept(d.ctx())
	must(t, err)
	for key := range kept {
		must(t, d.desk.Keep(d.ctx(), key, nil))
	}
	must(t, d.desk.Keep(d.ctx(), "complete", early))
	d.run()
	d.desk.First(t, fact.MessageID(d.ch, lost))
	for minutes := range 5 {
		d.pass(-time.Duration(10*(minutes+1)) * time.Minute)
	}
	if n := d.marks(); n != 1 {
		t.Errorf("%d marks are kept", n)
	}
}

// A process that is taken for ended but lives has its mark again as soon as it looks around, at the latest.
func TestMarkOfALivingProcessReturns(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	d.run()
	before, err := d.desk.Kept(d.ctx())
	must(t, err)
	for key := range before {
		must(t, d.desk.Keep(d.ctx(), key, nil))
	}
	d.fake.Inject(slackfake.Fault{Method: "conversations.history", Kind: slackfake.FaultError, Error: "no_such_answer"})
	d.s.sweeper.Announce(d.s.now())
	if d.s.history.catchUp(d.ctx(), testSelfOf(d.stage)) == nil {
		t.Fatal("the pass did not fail")
	}
	after, err := d.desk.Kept(d.ctx())
	must(t, err)
	if len(before) != 1 || len(after) != 1 || string(after[only(after)]) != string(before[only(before)]) {
		t.Errorf("marks %s before, %s after", before, after)
	}
}

func only(m map[string]json.RawMessage) (key string) {
	for key = range m {
	}
	return key
}

// Processes that end in order leave one mark, the last one; those that never come to work leave no more than a few, and
// among them the least.
func TestFewMarks(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	var stops []func()
	for hours := range 3 {
		d.ago(time.Duration(10-hours) * time.Hour)
		s, err := New(d.opt)
		must(t, err)
		d.s = s
		d.run()
		stops = append(stops, d.stop)
	}
	for _, stop := range stops {
		stop()
	}
	kept, err := d.desk.Kept(d.ctx())
	must(t, err)
	if until := string(kept[only(kept)]); len(kept) != 1 || !strings.Contains(until, d.s.now().Format("15:04")) {
		t.Errorf("kept: %s", kept)
	}
	d.ago(0)
	for range 2 * sweep.MaxMarks {
		s, err := New(d.opt)
		must(t, err)
		must(t, s.history.marks.Begin(d.ctx()))
	}
	if n := d.marks(); n > sweep.MaxMarks {
		t.Errorf("%d marks are kept", n)
	}
	m, err := d.s.history.marks.Inspect(d.ctx())
	if want := d.s.now().Add(-8 * time.Hour); err != nil || m.Least.After(want) {
		t.Errorf("the least mark is %v, want none after %v, %v", m.Least, want, err)
	}
}
