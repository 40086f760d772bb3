package slackfake_test

import (
	"testing"

	"github.com/slack-go/slack"

	"parley/bot/slack/slackfake"
)

// These tests post, change and delete messages by the bot, and check what Slack answers. world (helper_test.go)
// is an emulated workspace with Ann, Ben and the channel #support, and clients of the app.

// postRaw posts into #support by the bot, and gives the message as Slack answers it.
func (w *world) postRaw(text string, more ...slack.MsgOption) slack.Message {
	w.t.Helper()
	_, _, m, err := w.api.PostMessageWithResponseContext(w.ctx, w.ch, append(more, slack.MsgOptionText(text, false))...)
	noError(w.t, err)
	return m
}

// A reply to a root that was deleted is accepted, but posted at the top level. slack-go/slack#1571 reports this trap.
func TestReplyToDeletedRoot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	root := w.postAsBot("root")
	_, _, err := w.api.DeleteMessageContext(w.ctx, w.ch, root)
	noError(t, err)
	if got := w.srv.Thread(w.ch, root); got != nil {
		t.Errorf("a root without replies left %+v, want nothing", got)
	}
	late := w.postRaw("late", slack.MsgOptionTS(root))
	wantEqual(t, "thread of a late reply", late.ThreadTimestamp, "")
	if got := w.srv.Messages(w.ch); len(got) != 1 || got[0].TS != late.Timestamp {
		t.Errorf("at the top level is %+v, want the late reply alone", got)
	}
}

// replies returns a thread as the API tells it, which must have want messages.
func (w *world) replies(root string, want int) []slack.Message {
	w.t.Helper()
	msgs, _, _, err := w.api.GetConversationRepliesContext(w.ctx, &slack.GetConversationRepliesParameters{ChannelID: w.ch, Timestamp: root})
	noError(w.t, err)
	if len(msgs) != want {
		w.t.Fatalf("the thread has %d messages, want %d: %+v", len(msgs), want, msgs)
	}
	return msgs
}
