package slack

import (
	"slices"
	"testing"

	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// These tests send posts that change or mark a message, or that only one person sees.

// resolvedCard is a post that makes a message the card of a resolved conversation.
func (w *world) resolvedCard(message string) bridge.Post {
	p := w.newPost(bridge.PostCard, bridge.Place{}, "t1")
	p.Place = bridge.Place{Channel: w.channel, Message: message}
	p.Facts.Status = bridge.StatusResolved
	return p
}

// newMark makes a mark, which is an emoji, for a message that was sent to the customer.
func newMark(at bridge.Place) bridge.Post {
	return bridge.Post{Kind: bridge.PostMark, Token: "t2", Mark: bridge.MarkSent, Place: at}
}

// A card is updated in its place, and keeps the metadata by which it is found.
func TestCardIsUpdated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.postRoot()
	before := string(w.fake.Message(w.channel, root.Message).Blocks)
	w.mustSend(w.resolvedCard(root.Message))

	m := w.fake.Message(w.channel, root.Message)
	if string(m.Blocks) == before {
		t.Errorf("the card is still %s", before)
	}
	if m.Metadata == nil {
		t.Error("the card has no metadata any more")
	}

	updates := w.fake.Calls("chat.update")
	if len(updates) == 0 {
		t.Fatal("Slack wasn't asked to update the card")
	}
	wantEqual(t, "parse", updates[0].Args["parse"], "none") // Slack is to leave links and words alone
}

// A mark that is sent twice is on its message once.
func TestMarkIsThereOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.postRoot()
	ts := w.postAsAnn(root.Message, "done")
	mark := newMark(bridge.Place{Channel: w.channel, Thread: root.Message, Message: ts})
	w.mustSend(mark)
	w.mustSend(mark) // Slack says already_reacted
	wantEqual(t, "reactions", len(w.fake.Message(w.channel, ts).Reactions), 1)
}

// A message that only one person sees is shown in the thread.
func TestWhisperInAThread(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.postRoot()
	p := w.newPost(bridge.PostEphemeral, root, "t1")
	p.To = bridge.SurfaceUser(w.ann)
	w.mustSend(p)
	shown := w.fake.Ephemerals(w.ann)
	if len(shown) != 1 {
		t.Fatalf("Ann alone sees %d messages, want one: %+v", len(shown), shown)
	}
	wantEqual(t, "thread of the message", shown[0].ThreadTS, root.Message)
}

// mustSendDirectly sends a post that only Ann may see, and checks that she gets it as a direct message.
func (w *world) mustSendDirectly(p bridge.Post) {
	w.t.Helper()
	sent := w.mustSend(p)
	if w.fake.Message(w.fake.DM(w.ann), sent.Message) == nil || !sent.Elsewhere {
		w.t.Errorf("sent is %+v, want a direct message, which isn't in the channel", sent)
	}
}

// If Slack refuses to show something to one person alone in a channel, the app sends this person a direct message.
func TestWhisperThatSlackRefuses(t *testing.T) {
	t.Parallel()
	for _, code := range []string{
		"no_permission", "restricted_action", "ekm_access_denied", "restricted_action_thread_locked", "user_not_in_channel",
		"messages_tab_disabled",
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := w.newPost(bridge.PostEphemeral, w.postRoot(), "t1")
			p.To = bridge.SurfaceUser(w.ann)
			w.fake.Inject(slackfake.Fault{Method: "chat.postEphemeral", Kind: slackfake.FaultError, Error: code})
			w.mustSendDirectly(p)
		})
	}
}

// The board of a channel is pinned when it is posted. Without the scope for it, it is posted all the same.
// Requirement R-253: A board for each channel.
func TestBoardIsPinned(t *testing.T) {
	t.Parallel()
	for _, scopes := range [][]string{Scopes(), slices.DeleteFunc(Scopes(), func(s string) bool { return s == "pins:write" })} {
		w := newWorld(t, func(_ *Options, f *slackfake.Options) { f.Scopes = scopes })
		p := w.newPost(bridge.PostLine, bridge.Place{Channel: w.channel}, "t1")
		p.Line = &bridge.Line{Content: &bridge.BoardLine{Zone: "UTC"}}
		sent := w.mustSend(p)
		calls := w.fake.Calls("pins.add")
		wantEqual(t, "calls that pin", len(calls), 1)
		wantEqual(t, "what is pinned", calls[0].Args["timestamp"], sent.Message)
		wantEqual(t, "it is pinned", calls[0].OK, slices.Contains(scopes, "pins:write"))
	}
}
