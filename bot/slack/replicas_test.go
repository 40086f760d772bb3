package slack

import (
	"testing"
	"time"

	"parley/bot/slack/slackfake"
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

// sweepAt has the first replica look for what it may have missed, with the clock set back.
func (d *downtime) sweepAt(ago time.Duration) {
	d.t.Helper()
	d.setClockBack(ago)
	noError(d.t, d.catchUp())
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
