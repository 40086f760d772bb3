package slack

import (
	"sync/atomic"
	"testing"
	"time"

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

// An agent's reply from hours ago is found, although a later one of its thread is stored: by a process
// that ended before it had read what the ones before it had missed.
func TestDownForHours(t *testing.T) {
	t.Parallel()
	d := newDowntime(t)
	d.ago(6 * time.Hour)
	d.run()
	root := d.root()
	d.desk.First(t, messageID(d.ch, d.say(root.Message, "known")))
	d.down()
	d.ago(5 * time.Hour)
	lost := d.say(root.Message, "typed while Parley was down")
	d.ago(4 * time.Hour)
	later := d.say(root.Message, "typed while Parley was up for a moment")
	must(t, d.desk.Accept(t.Context(), channels.Fact{ExternalID: messageID(d.ch, later)}))
	d.ago(0)
	d.fake.Inject(slackfake.Fault{Method: "conversations.history", Kind: slackfake.FaultHTTP, Times: 1})
	d.run()
	d.desk.First(t, messageID(d.ch, lost))
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
	d.desk.First(t, messageID(d.ch, d.say(root.Message, "known")))
	must(t, d.s.history.catchUp(d.ctx(), testSelfOf(d.stage)))
	d.down()
	d.ago(6 * time.Hour)
	lost := d.say(root.Message, "typed while Parley was down")
	d.ago(0)
	d.run()
	d.desk.First(t, messageID(d.ch, lost))
}
