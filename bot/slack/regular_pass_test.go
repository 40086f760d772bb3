package slack

import (
	"log/slog"
	"testing"
	"time"

	"parley/bot/forms"
	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/channels"
)

// A pass reads the channels' history for messages of which Slack brought no event. Regular passes run although no gap
// is known, since Slack may lose a single event. A hole is such a missing reply in the middle of a thread. world
// (harness_test.go) puts a Surface between slackfake, which plays Slack and its people, and fakeDesk, which plays the
// engine.

// newHistoryAt makes a history without a gap. It can only say how far back it would read.
func newHistoryAt(now time.Time) *history {
	return &history{
		workspace: &workspace{
			now:     func() time.Time { return now },
			sweeper: forms.NewSweep(newFakeDesk(), slog.New(slog.DiscardHandler), time.Hour),
		},
	}
}

// Parley looks for missing replies since the gap began. If it doesn't know when that was, it looks back for the time
// unknownGap, and further if the earliest mark, up to which a process has read, is older.
func TestHolesSince(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }

	for _, tt := range []struct {
		name     string
		gap      []time.Time // when the gap began; zero if that isn't known, empty if there is none
		standing forms.Standing
		want     time.Time // zero if nothing is missing
	}{
		{name: "no gap", standing: forms.Standing{Earliest: ago(5 * time.Hour)}},
		{
			name: "a gap", gap: []time.Time{ago(3 * time.Hour)},
			standing: forms.Standing{Earliest: ago(5 * time.Hour)}, want: ago(3*time.Hour + clockTolerance),
		},
		{name: "a gap from before the start", gap: []time.Time{{}}, want: ago(unknownGap)},
		{
			name: "a gap from before the start, with a mark", gap: []time.Time{{}},
			standing: forms.Standing{Earliest: ago(5 * time.Hour)}, want: ago(5*time.Hour + clockTolerance),
		},
		{name: "a process that has vanished", standing: forms.Standing{Abandoned: []string{"x"}}, want: ago(unknownGap)},
		{
			name: "a doubt", standing: forms.Standing{Doubted: true, Earliest: ago(5 * time.Minute)}, want: ago(5*time.Minute + clockTolerance),
		},
		{name: "a doubt without a mark", standing: forms.Standing{Doubted: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHistoryAt(now)
			for _, began := range tt.gap {
				h.sweeper.Announce(began)
			}

			since, complete := h.holesSince(tt.standing)
			wantEqual(t, "nothing is missing", complete, tt.want.IsZero())
			if !complete {
				wantEqual(t, "since", since, tt.want)
			}
		})
	}
}

// newFilledDowntime connects a surface that knows everything until twenty minutes ago, by the clock that a test
// moves. From then on Slack's events get lost.
func newFilledDowntime(t *testing.T) (*downtime, bridge.Place) {
	t.Helper()
	d := newDowntime(t)
	d.setClockBack(20 * time.Minute)
	d.connect()
	root := d.postRoot()
	d.waitAcknowledged() // or Slack would bring it again once the clock moves, which makes the surface expect a gap
	noError(t, d.catchUp())
	d.fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultLose})
	return d, root
}

// sayUnderLost has Ann type a reply that Slack gives up bringing, and another one that arrives at Slack's first try.
// It returns the stamp of the first.
func (d *downtime) sayUnderLost(root bridge.Place) (lost string) {
	d.t.Helper()
	d.setClockBack(19 * time.Minute)
	lost = d.postAsAnn(root.Message, "typed while the door was closed")
	d.setClockBack(12 * time.Minute)
	known := d.postAsAnn(root.Message, "typed when it was open again")
	noError(d.t, d.desk.Accept(d.t.Context(), channels.Fact{ExternalID: MessageID(d.channel, known)}))
	return lost
}

// A reply that Slack gave up bringing is found behind a newer one, even though Parley noticed no gap.
func TestRegularPassFindsAHole(t *testing.T) {
	t.Parallel()
	d, root := newFilledDowntime(t)
	lost := d.sayUnderLost(root)
	d.sweepAt(10 * time.Minute)
	d.wantFacts(MessageID(d.channel, lost), 1)
}

// An edit that was made while events were missed is found, although nothing newer was typed in its thread. The
// regular pass after the gap was filled finds it, so that replies don't wait for that.
func TestPassAfterAGapFindsAnEdit(t *testing.T) {
	t.Parallel()
	d, root := newFilledDowntime(t)
	said := d.postAsAnn(root.Message, "it comes on Monday")
	noError(t, d.desk.Accept(t.Context(), channels.Fact{ExternalID: MessageID(d.channel, said)}))
	d.sweepAt(10 * time.Minute) // it has compared the thread by now
	noError(t, d.fake.As(d.ann).Edit(d.channel, said, "it comes on Tuesday"))

	d.fillGap()
	d.sweepAt(0)
	d.wantFacts("e:"+d.channel+":"+said, 1)
	calls := len(d.fake.Calls("conversations.replies"))
	d.sweepAt(0)
	wantEqual(t, "threads that the next pass reads", len(d.fake.Calls("conversations.replies"))-calls, 0)
}

// fillGap has the surface fill a gap that begins and ends now.
func (d *downtime) fillGap() {
	d.t.Helper()
	fills := d.desk.Fills()
	d.surface.CatchUp(d.surface.now())
	d.desk.Wait(d.t, "the gap filled", func() bool { return d.desk.Fills() > fills })
}

// A sweep reads Parley's threads. It reads neither what people said in the channel before Parley came, nor their
// threads.
func TestSweepReadsWhatConcernsUs(t *testing.T) {
	t.Parallel()
	w, missed := missBeforeTheFirstConnection(t)
	w.connect()
	w.desk.First(t, w.messageID(missed))
	w.wantFacts(allFacts, 1)
}
