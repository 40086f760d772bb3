package slack

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"parley/bot/slack/refusal"
	"parley/bot/slack/slackfake"
	"parley/bot/sweep"
)

// Each replica keeps a mark with the desk: until when it knows everything. A replica that begins, or that sees
// that another one has ended, looks for what came after that one's mark. The replicas of these tests share
// Slack, the desk and a clock, which downtime moves.

// leaveHoleOfReplica leaves a hole in a thread that only a second replica knows of, which ends before it has
// read what it missed. The first replica stored the thread's newest reply and goes on. It returns the stamp of
// the reply that is lost. The clock is at four hours ago then.
func (d *downtime) leaveHoleOfReplica() (lost string) {
	d.t.Helper()
	// Two replicas work.
	d.setClockBack(6 * time.Hour)
	d.connect()
	d.sweepAt(6 * time.Hour) // the first has looked for edits, too, that its start may have missed
	second := *d.world
	second.surface = d.newSurface()
	second.connect()
	root := d.postRoot()
	d.storeAsAnn(root.Message, "known")
	d.waitAcknowledged()

	// Slack leaves an event out, and tells the second replica so, which can't read the channel.
	d.setClockBack(5 * time.Hour)
	d.fake.Inject(slackfake.Fault{Method: "conversations.history", Kind: slackfake.FaultHTTP})
	d.fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultLose, Times: 1})
	lost = d.postAsAnn(root.Message, "typed while Slack left events out")
	second.takeEvent(`{"type":"app_rate_limited","team_id":"TEAM","api_app_id":"APP"}`)

	// The next reply is stored. The second replica ends.
	d.setClockBack(4 * time.Hour)
	d.storeAsAnn(root.Message, "typed when Slack told again")
	d.waitAcknowledged()
	second.stop()
	d.fake.ClearFaults()
	return lost
}

// sweepInterval is how often a replica looks for what it may have missed.
const sweepInterval = 10 * time.Minute

// sweepAt has the first replica look for what it may have missed, with the clock set back.
func (d *downtime) sweepAt(ago time.Duration) {
	d.t.Helper()
	d.setClockBack(ago)
	noError(d.t, d.catchUp())
}

// sweepForFiftyMinutes has the first replica do so five times. begin is how long ago that begins; it is
// negative in the future.
func (d *downtime) sweepForFiftyMinutes(begin time.Duration) {
	d.t.Helper()
	for i := range 5 {
		d.sweepAt(begin - time.Duration(i+1)*sweepInterval)
	}
}

// A replica that ends before it has filled its gap leaves it to whoever is started next, although another one had
// everything that it knew of meanwhile.
func TestGapOfAReplicaThatEndedIsFilledByTheNextOne(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	lost := d.leaveHoleOfReplica()
	d.sweepAt(3 * time.Hour)
	d.wantFacts(d.messageID(lost), 0) // otherwise the next process would have nothing to find

	d.stop()
	d.surface = d.newSurface()
	d.setClockBack(0)
	d.connect()
	d.desk.First(t, d.messageID(lost))
}

// The gap of a replica that vanished is filled by another one as soon as the engine says so.
func TestGapOfAReplicaThatVanishedIsFilledByAnotherOne(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	lost := d.leaveHoleOfReplica()
	d.sweepAt(3 * time.Hour)
	d.surface.CatchUp(d.surface.now().Add(-8 * time.Second)) // as the engine calls it
	d.desk.First(t, d.messageID(lost))
}

// A mark that hasn't moved for long is that of a replica that vanished, also if the engine doesn't say so: its
// gap is filled once, and then the mark is forgotten.
func TestAbandonedMarkIsTakenOver(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	lost := d.leaveHoleOfReplica()
	d.sweepForFiftyMinutes(4 * time.Hour)
	d.wantFacts(d.messageID(lost), 1)
	wantEqual(t, "marks, of processes that work", d.countMarks(), 1)

	calls := len(d.fake.Calls("conversations.replies"))
	d.sweepAt(3 * time.Hour)
	wantEqual(t, "threads read again", len(d.fake.Calls("conversations.replies"))-calls, 0)
}

// readMarks returns what the desk keeps for the replicas.
func (d *downtime) readMarks() map[string]json.RawMessage {
	d.t.Helper()
	kept, err := d.desk.ListKept(d.ctx())
	noError(d.t, err)
	return kept
}

// forgetMarks has the desk forget everything that it keeps for the replicas.
func (d *downtime) forgetMarks() {
	d.t.Helper()
	for key := range d.readMarks() {
		noError(d.t, d.desk.Keep(d.ctx(), key, nil))
	}
}

// markOfEarlierVersions is the key of the one mark that all processes of earlier versions shared. Keys of
// today's marks begin with it.
const markOfEarlierVersions = "complete"

// countMarks counts the processes that have a mark.
func (d *downtime) countMarks() (n int) {
	d.t.Helper()
	for key := range d.readMarks() {
		if strings.HasPrefix(key, markOfEarlierVersions) {
			n++
		}
	}
	return n
}

// A process of an earlier version keeps one mark for all. It counts like any other, and is forgotten when none
// of that version works any more.
func TestMarkOfAnEarlierVersion(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	lost := d.leaveHole()
	justBeforeTheHole, err := json.Marshal(d.surface.now().Add(-5*time.Hour - time.Minute))
	noError(t, err)
	d.forgetMarks()
	noError(t, d.desk.Keep(d.ctx(), markOfEarlierVersions, justBeforeTheHole))

	d.connect()
	d.desk.First(t, d.messageID(lost))
	d.sweepForFiftyMinutes(0)
	wantEqual(t, "marks", d.countMarks(), 1)
}

// A process that was taken for ended but lives has its mark again with its next sweep at the latest.
func TestMarkOfALivingProcessReturns(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	d.connect()
	before := d.readMarks()
	wantEqual(t, "marks before", len(before), 1)
	d.forgetMarks()

	// A sweep that succeeded would set the mark anew. This one fails, so that it can only be the old one that
	// returns.
	d.fake.Inject(slackfake.Fault{Method: "conversations.history", Kind: slackfake.FaultError, Error: refusedRead})
	d.surface.sweeper.Announce(d.surface.now())
	err := d.catchUp()
	wantEqual(t, "error of the sweep", refusal.CodeOf(err), refusedRead)
	after := d.readMarks()
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
func TestProcessesThatEndedLeaveOneMark(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	d.workOneAfterTheOther()
	kept := d.readMarks()
	wantEqual(t, "marks", len(kept), 1)
	wantWords(t, onlyValue(kept), d.surface.now().Format("15:04"))
}

// waitHasAll waits until the process knows that nothing is missing: one that ends before leaves its mark.
func (d *downtime) waitHasAll() {
	d.t.Helper()
	d.desk.Wait(d.t, "nothing is missing", func() bool { return d.surface.connections.hasAll() && d.surface.history.filled.Load() })
}

// workOneAfterTheOther starts three processes ten, nine and eight hours ago, and ends them in that order.
func (d *downtime) workOneAfterTheOther() {
	d.t.Helper()
	var stops []func()
	for _, hours := range []int{10, 9, 8} {
		d.setClockBack(time.Duration(hours) * time.Hour)
		d.surface = d.newSurface()
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
func TestProcessesThatNeverWorkLeaveFewMarks(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	d.workOneAfterTheOther()
	ended := d.surface.now()
	d.setClockBack(0)
	for range 2 * sweep.MaxMarks {
		noError(t, d.newSurface().history.marks.Begin(d.ctx()))
	}
	if n := d.countMarks(); n > sweep.MaxMarks {
		t.Errorf("got %d marks, want at most %d", n, sweep.MaxMarks)
	}
	m, err := d.surface.history.marks.Inspect(d.ctx())
	noError(t, err)
	if m.Earliest.After(ended) {
		t.Errorf("the least mark is %v, want that of the process that ended at %v", m.Earliest, ended)
	}
}
