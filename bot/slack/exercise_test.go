package slack

import (
	"context"
	"strings"
	"testing"

	"parley/bot/slack/blockkit"
	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/bridge/bridgetest"
)

// Slack passes the suite of all surfaces.
func TestExercise(t *testing.T) {
	t.Parallel()
	bridgetest.ExerciseSurface(t, bridgetest.Harness{New: exerciseStage})
}

// exerciseStage connects a surface to a workspace of its own.
func exerciseStage(t *testing.T) bridgetest.Stage {
	d := &desk{Desk: bridgetest.NewDesk("C0SUPPORT")}
	st := newStage(t, func(o *Options, f *slackfake.Options) {
		o.Desk, f.PostPerSecond, f.PostBurst = d, 1000, 1000
	})
	other := st.fake.Admin.AddUser(slackfake.User{ID: "U0BEN", Name: "ben", RealName: "Ben Kim"})
	must(t, st.fake.Admin.Invite(st.channel, other.ID, st.ann))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- st.surface.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	d.Connected(t, 1)
	ann := st.fake.As(st.ann)
	return bridgetest.Stage{
		Surface: st.surface, Desk: d.Desk, Channel: st.channel, Agent: st.ann, Other: other.ID,
		Mention: func(user string) string { return "<@" + user + ">" },
		Shown: func(_ *testing.T, root string) (shown []bridgetest.Shown) {
			for _, m := range st.fake.Thread(st.channel, root) {
				shown = append(shown, shownMessage(m))
			}
			return shown
		},
		Whispers: func(*testing.T) (shown []bridgetest.Shown) {
			for _, e := range st.fake.Ephemerals(st.ann) {
				shown = append(shown, bridgetest.Shown{ID: e.TS, Text: e.Text + string(e.Blocks)})
			}
			return shown
		},
		Mentioned: func(*testing.T) (n int) {
			for _, one := range st.fake.Inboxes.Notifications(st.ann) {
				if one.Kind != "thread_reply" {
					n++
				}
			}
			return n
		},
		Say: func(t *testing.T, thread, text string) string {
			t.Helper()
			ts, err := ann.Post(slackfake.Post{Channel: st.channel, Thread: thread, Text: text})
			must(t, err)
			return ts
		},
		Edit:   func(t *testing.T, message, text string) { t.Helper(); must(t, ann.Edit(st.channel, message, text)) },
		Delete: func(t *testing.T, message string) { t.Helper(); must(t, ann.Delete(st.channel, message)) },
		Vanish: func(t *testing.T, root string) { t.Helper(); must(t, st.fake.Admin.ForgetMessage(st.channel, root)) },
		Close:  func(t *testing.T) { t.Helper(); must(t, st.fake.Admin.ArchiveChannel(st.channel, true)) },
		Fail: func(_ *testing.T, name string, _ bridge.PostKind) {
			f := slackfake.Fault{Method: "chat.postMessage", Times: 1, Kind: slackfake.FaultDrop, After: name == bridgetest.FailLostAfter}
			if name == bridgetest.FailThrottled {
				f = slackfake.Fault{Method: "chat.postMessage", Times: 1, Kind: slackfake.FaultRateLimit, Retry: 7}
			}
			st.fake.Inject(f)
		},
		Offline: func(t *testing.T, f func()) {
			t.Helper()
			st.fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultLose})
			f()
			st.fake.ClearFaults()
			fills := d.Fills()
			st.fake.Sockets.Drop()
			d.Connected(t, fills+1)
		},
	}
}

func shownMessage(m *slackfake.Message) bridgetest.Shown {
	shown := bridgetest.Shown{ID: m.TS, Text: blockkit.ReadText(blockkit.Typed{Blocks: m.Blocks, Text: m.Text}).Plain, Author: m.Username, Marks: len(m.Reactions),
		Buttons: strings.Count(string(m.Blocks), `"type":"button"`)}
	if strings.Contains(string(m.Blocks), mayBeTwice) { // in small print, which nobody types
		shown.Text += "\n" + mayBeTwice
	}
	for _, f := range m.Files {
		shown.Files = append(shown.Files, f.Name)
	}
	return shown
}
