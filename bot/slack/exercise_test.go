package slack

import (
	"strings"
	"testing"

	"parley/bot/slack/blockkit"
	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/bridge/bridgetest"
)

// noLimit is a rate of posts that no test reaches.
const noLimit = 1000

// Slack passes the suite of all surfaces.
func TestExercise(t *testing.T) {
	t.Parallel()
	bridgetest.ExerciseSurface(t, bridgetest.Harness{New: newExerciseStage})
}

// newExerciseStage connects a surface to a workspace of its own, in which Ben is in the channel, too.
func newExerciseStage(t *testing.T) bridgetest.Stage {
	w := newConnectedWorld(t, func(_ *Options, f *slackfake.Options) { f.PostPerSecond, f.PostBurst = noLimit, noLimit })
	ben := w.fake.Admin.AddUser(slackfake.User{ID: "U0BEN", Name: "ben", RealName: "Ben Kim"})
	noError(t, w.fake.Admin.Invite(w.channel, ben.ID, w.ann))
	ann := w.fake.As(w.ann)
	return bridgetest.Stage{
		Surface: w.surface,
		Desk:    w.desk.Desk,
		Channel: w.channel,
		Agent:   w.ann,
		Other:   ben.ID,
		Mention: func(user string) string { return "<@" + user + ">" },
		Shown: func(_ *testing.T, root string) (shown []bridgetest.Shown) {
			for _, m := range w.fake.Thread(w.channel, root) {
				shown = append(shown, shownMessage(m))
			}
			return shown
		},
		Whispers: func(*testing.T) (shown []bridgetest.Shown) {
			for _, e := range w.fake.Ephemerals(w.ann) {
				shown = append(shown, bridgetest.Shown{ID: e.TS, Text: e.Text + string(e.Blocks)})
			}
			return shown
		},
		Mentioned: func(*testing.T) (n int) {
			for _, notification := range w.fake.Inboxes.Notifications(w.ann) {
				if notification.Kind != "thread_reply" {
					n++
				}
			}
			return n
		},
		Say: func(t *testing.T, thread, text string) string {
			t.Helper()
			ts, err := ann.Post(slackfake.Post{Channel: w.channel, Thread: thread, Text: text})
			noError(t, err)
			return ts
		},
		Edit:    func(t *testing.T, message, text string) { t.Helper(); noError(t, ann.Edit(w.channel, message, text)) },
		Delete:  func(t *testing.T, message string) { t.Helper(); noError(t, ann.Delete(w.channel, message)) },
		Vanish:  func(t *testing.T, root string) { t.Helper(); noError(t, w.fake.Admin.ForgetMessage(w.channel, root)) },
		Close:   func(t *testing.T) { t.Helper(); noError(t, w.fake.Admin.ArchiveChannel(w.channel, true)) },
		Fail:    func(_ *testing.T, name string, _ bridge.PostKind) { w.fake.Inject(postFault(name)) },
		Offline: w.missWhile,
	}
}

// postFault is the fault of the next post for which the suite has this name.
func postFault(name string) slackfake.Fault {
	f := slackfake.Fault{Method: "chat.postMessage", Times: 1}
	switch name {
	case bridgetest.FailThrottled:
		f.Kind, f.Retry = slackfake.FaultRateLimit, 7
	case bridgetest.FailLostAfter:
		f.Kind, f.After = slackfake.FaultDrop, true
	default:
		f.Kind = slackfake.FaultDrop
	}
	return f
}

// missWhile calls happen while Slack's events get lost, and then connects us again.
func (w *world) missWhile(t *testing.T, happen func()) {
	t.Helper()
	w.fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultLose})
	happen()
	w.fake.ClearFaults()
	fills := w.desk.Fills()
	w.fake.Sockets.Drop()
	w.desk.Connected(t, fills+1)
}

// shownMessage returns what people see of a message.
func shownMessage(m *slackfake.Message) bridgetest.Shown {
	blocks := string(m.Blocks)
	shown := bridgetest.Shown{
		ID:      m.TS,
		Text:    blockkit.ReadText(blockkit.Typed{Blocks: m.Blocks, Text: m.Text}).Plain,
		Author:  m.Username,
		Marks:   len(m.Reactions),
		Buttons: strings.Count(blocks, `"type":"button"`),
	}
	if strings.Contains(blocks, mayBeTwice) { // ReadText leaves out small print
		shown.Text += "\n" + mayBeTwice
	}
	for _, f := range m.Files {
		shown.Files = append(shown.Files, f.Name)
	}
	return shown
}
