package bridgetest_test

import (
	"context"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
)

// The text surface passes the suite of all surfaces.
func TestSurface(t *testing.T) {
	t.Parallel()
	bridgetest.ExerciseSurface(t, bridgetest.Harness{New: stage})
}

// stage returns the text surface and its chat, for the suite.
func stage(t *testing.T) bridgetest.Stage {
	const channel = "19:c1@thread" // colons in it have no meaning
	chat := bridgetest.NewChat(t, bridgetest.User{ID: "ann", Email: "ann@acme.test"}, bridgetest.User{ID: "ben"})

	chat.Open(channel)
	desk := bridgetest.NewDesk(channel)
	s := bridgetest.NewSurface(chat.URL(), desk, 1)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	desk.Connected(t, 1)

	return bridgetest.Stage{
		Surface: s, Desk: desk, Channel: channel, Agent: "ann", Other: "ben", FindsDeleted: true,
		Shown:     func(_ *testing.T, root string) []bridgetest.Shown { return asShown(chat.Messages(channel, root)) },
		Whispers:  func(*testing.T) []bridgetest.Shown { return asShown(chat.Whispers("ann")) },
		Mentioned: func(*testing.T) int { return countMentions(chat, channel) },
		Say:       func(_ *testing.T, thread, text string) string { return chat.Say("ann", channel, thread, text) },
		Edit:      func(_ *testing.T, message, text string) { chat.Edit(channel, message, text) },
		Delete:    func(_ *testing.T, message string) { chat.Delete(channel, message) },
		Vanish:    func(_ *testing.T, root string) { chat.Mute(true); chat.Delete(channel, root); chat.Mute(false) },
		Close:     func(*testing.T) { chat.Close(channel) },
		Mention:   func(user string) string { return "<@" + user + ">" },
		Fail: func(_ *testing.T, name string, _ bridge.PostKind) {
			kinds := map[string]bridgetest.FaultKind{
				bridgetest.FailThrottled:  bridgetest.FaultThrottle,
				bridgetest.FailLostBefore: bridgetest.FaultDropBefore,
				bridgetest.FailLostAfter:  bridgetest.FaultDropAfter,
			}
			chat.AddFault(bridgetest.Fault{Call: "post", Wait: time.Second, Kind: kinds[name]})
		},
		Offline: func(t *testing.T, meanwhile func()) {
			chat.Mute(true)
			meanwhile()
			chat.Mute(false)
			fills := desk.Fills()
			chat.Disconnect()
			desk.Connected(t, fills+1)
		},
	}
}

// asShown returns messages of the chat in the form in which the suite compares them.
func asShown(list []bridgetest.Message) (shown []bridgetest.Shown) {
	for _, m := range list {
		one := bridgetest.Shown{ID: m.ID, Text: m.Plain(), Author: m.Name, Buttons: len(m.Buttons), Marks: len(m.Marks)}
		for _, f := range m.Files {
			one.Files = append(one.Files, f.Name)
		}
		shown = append(shown, one)
	}
	return shown
}

// countMentions counts the mentions of people in all threads of a channel.
func countMentions(chat *bridgetest.Chat, channel string) (n int) {
	for _, root := range chat.Messages(channel, "") {
		for _, m := range chat.Messages(channel, root.ID) {
			n += len(m.Mentions())
		}
	}
	return n
}
