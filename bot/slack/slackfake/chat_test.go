package slackfake_test

import (
	"fmt"
	"strings"
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

// A message of the bot names the bot, unless it was posted under another name.
func TestPostShapes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	m := w.postRaw("plain")
	wantEqual(t, "bot of a plain post", m.BotID, w.srv.BotID())
	wantEqual(t, "user of a plain post", m.User, w.srv.BotUserID())
	wantEqual(t, "subtype of a plain post", m.SubType, "")
	wantEqual(t, "a plain post has the bot's profile", m.BotProfile != nil, true)

	m = w.postRaw("x", slack.MsgOptionUsername("Kim (customer)"), slack.MsgOptionIconEmoji(":bust_in_silhouette:"))
	wantEqual(t, "subtype of a customised post", m.SubType, "bot_message")
	wantEqual(t, "name of a customised post", m.Username, "Kim (customer)")
	wantEqual(t, "user of a customised post", m.User, "")
	wantEqual(t, "a customised post has icons", m.Icons != nil, true)

	w.srv.Admin.SetScopes("chat:write")
	m = w.postRaw("x", slack.MsgOptionUsername("Kim"))
	wantEqual(t, "name without its scope, which is ignored", m.Username, "")
	wantEqual(t, "subtype of a name without its scope", m.SubType, "")
}

// A long text is cut, not refused, and a channel may be named.
func TestPostTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	ts := w.postAsBot(strings.Repeat("é", 40_001))
	wantEqual(t, "characters of a text of 40 001", len([]rune(w.srv.Message(w.ch, ts).Text)), 40_000)
	_, _, err := w.api.PostMessageContext(w.ctx, "#support", slack.MsgOptionText("by name", false))
	noError(t, err)
}

// Slack makes rich text of a text without blocks. An update with blocks replaces the rich text.
func TestTextOfApps(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	m := w.postRaw("*Hi* <@U0ANN00001>")
	if len(m.Blocks.BlockSet) != 1 {
		t.Fatalf("the text became %d blocks, want 1: %+v", len(m.Blocks.BlockSet), m)
	}
	rich, ok := m.Blocks.BlockSet[0].(*slack.RichTextBlock)
	if !ok {
		t.Fatalf("the text became %T, want rich text", m.Blocks.BlockSet[0])
	}
	wantEqual(t, "the block has an id", rich.BlockID != "", true)
	const bold, blank, mention = 1, 1, 1
	wantEqual(t, "elements", len(rich.Elements[0].(*slack.RichTextSection).Elements), bold+blank+mention)

	card := slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, "card", false, false), nil, nil)
	_, _, _, err := w.api.UpdateMessageContext(w.ctx, w.ch, m.Timestamp, slack.MsgOptionText("x", false), slack.MsgOptionBlocks(card))
	noError(t, err)
	if blocks := string(w.srv.Message(w.ch, m.Timestamp).Blocks); !strings.Contains(blocks, "card") || strings.Contains(blocks, "rich_text") {
		t.Errorf("updated to %s, want the card instead of the rich text", blocks)
	}
}

// Time stamps rise even while the clock stands still.
func TestTimestampsRise(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := newWorld(t, slackfake.Options{Clock: c.now})
	last := ""
	for range 20 {
		ts := w.postAsBot("x")
		wantEqual(t, "length of "+ts, len(ts), len("1795165200.000001"))
		if ts <= last {
			t.Fatalf("ts %s came after %s, want it to rise", ts, last)
		}
		last = ts
	}
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

// A root that is deleted leaves a tombstone while it has replies. A deleted reply leaves nothing.
func TestTombstone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	root := w.postAsBot("root")
	reply := w.postAs(w.ann, root, "reply")
	a := w.listen(nil)
	_, _, err := w.api.DeleteMessageContext(w.ctx, w.ch, root)
	noError(t, err)
	tombstone := dict{"subtype": "tombstone", "user": "USLACKBOT", "ts": root}
	wantFields(t, "the root in the event", field(a.waitMessage("message_changed"), "message"), tombstone)
	msgs := w.replies(root, 2)
	wantEqual(t, "subtype of the root", msgs[0].SubType, "tombstone")
	wantEqual(t, "text of the root", msgs[0].Text, "This message was deleted.")
	noError(t, w.ann.Delete(w.ch, reply))
	wantFields(t, "the event of the reply", a.waitMessage("message_deleted"), dict{"deleted_ts": reply, "thread_ts": nil})
}

// An update keeps or replaces blocks, metadata, attachments and the mark that the message was edited.
func TestUpdateKeepsAndReplaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	card := slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, "card", false, false), nil, nil)
	meta := slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "d", EventPayload: map[string]any{"id": "7"}})
	ts := w.postAsBot("fallback", slack.MsgOptionBlocks(card), meta)
	update := func(o ...slack.MsgOption) *slackfake.Message {
		t.Helper()
		_, _, _, err := w.api.UpdateMessageContext(w.ctx, w.ch, ts, o...)
		noError(t, err)
		return w.srv.Message(w.ch, ts)
	}

	m := update(slack.MsgOptionText("new", false), slack.MsgOptionBlocks(card))
	wantEqual(t, "with blocks: it is marked as edited", m.Edited != nil, false)
	wantEqual(t, "with blocks: it has metadata", m.Metadata != nil, true)
	wantEqual(t, "with blocks: it has blocks", m.Blocks != nil, true)

	m = update(slack.MsgOptionText("only text", false), slack.MsgOptionAttachments(slack.Attachment{Text: "beside"}))
	wantEqual(t, "with text: it is marked as edited", m.Edited != nil, true)
	wantEqual(t, "with text: its text", m.Text, "only text")
	wantEqual(t, "with text: it has metadata", m.Metadata != nil, true)
	wantEqual(t, "with text: it keeps the card", strings.Contains(string(m.Blocks), "card"), true)

	body := w.callAsBot("chat.update", "channel", w.ch, "ts", ts, "text", "x", "blocks", "[]", "metadata", "{}")
	wantFields(t, "the update with metadata {} and blocks []", body, dict{"ok": true})
	m = w.srv.Message(w.ch, ts)
	wantEqual(t, "with metadata {}: it has metadata", m.Metadata != nil, false)
	wantEqual(t, "with blocks []: it has the card", strings.Contains(string(m.Blocks), "card"), false)
	wantEqual(t, "attachments that aren't named: they stay", strings.Contains(string(m.Attachments), "beside"), true)

	w.callAsBot("chat.update", "channel", w.ch, "ts", ts, "text", "y", "attachments", "[]")
	m = w.srv.Message(w.ch, ts)
	wantEqual(t, "with attachments []: how many bytes it has of them", len(m.Attachments), 0)
	wantEqual(t, "without blocks of the app's own: the new text is laid out", strings.Contains(string(m.Blocks), `"y"`), true)
}

// An app that lost an answer finds its message in the thread by the metadata. Their payload comes only with
// include_all_metadata.
func TestFindDelivery(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	root := w.postAsBot("root")
	w.postAsBot("reply", slack.MsgOptionTS(root),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "delivery", EventPayload: map[string]any{"id": "42"}}))
	for _, all := range []bool{false, true} {
		msgs, _, _, err := w.api.GetConversationRepliesContext(w.ctx, &slack.GetConversationRepliesParameters{
			ChannelID: w.ch, Timestamp: root, Oldest: root, IncludeAllMetadata: all,
		})
		if err != nil || len(msgs) != 2 {
			t.Fatalf("replies = %+v, %v", msgs, err)
		}
		got := msgs[1].Metadata
		wantEqual(t, "type of the metadata", got.EventType, "delivery")
		wantEqual(t, fmt.Sprintf("with include_all_metadata=%v there is the payload", all), got.EventPayload["id"] == "42", all)
	}
}

// The pages of a channel's history go from newer to older messages, and aren't shifted by what is posted meanwhile.
// Replies aren't part of it.
func TestHistoryPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	root := w.postAsBot("root")
	const more = 6
	for range more {
		w.postAs(w.ann, root, "reply")
		w.postAsBot("top")
	}

	var seen []string
	p := &slack.GetConversationHistoryParameters{ChannelID: w.ch, Limit: 3}
	for hasMore := true; hasMore; {
		page := must(w.api.GetConversationHistoryContext(w.ctx, p))(t)
		for _, m := range page.Messages {
			seen = append(seen, m.Timestamp)
		}
		p.Cursor, hasMore = page.ResponseMetaData.NextCursor, page.HasMore
		w.postAsBot("newer than the page")
	}

	wantEqual(t, "messages of the history", len(seen), 1+more)
	for i := range seen[1:] {
		if seen[i+1] >= seen[i] {
			t.Errorf("%s comes after %s, want the history to fall", seen[i+1], seen[i])
		}
	}
}

// Each page of a thread begins with its root.
func TestThreadPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	root := w.postAsBot("root")
	const more = 6
	for range more {
		w.postAs(w.ann, root, "reply")
	}
	replies := 0
	r := &slack.GetConversationRepliesParameters{ChannelID: w.ch, Timestamp: root, Limit: 4}
	for hasMore := true; hasMore; {
		page, has, next, err := w.api.GetConversationRepliesContext(w.ctx, r)
		noError(t, err)
		wantEqual(t, "first message of the page", page[0].Timestamp, root)
		replies += len(page) - 1
		r.Cursor, hasMore = next, has
	}
	wantEqual(t, "replies", replies, more)
}

// A message for one person is seen by that person alone.
func TestEphemeral(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	root := w.postAsBot("root")
	ts := must(w.api.PostEphemeralContext(w.ctx, w.ch, w.ann.ID(), slack.MsgOptionText("only you", false), slack.MsgOptionTS(root)))(t)
	if e := w.srv.Ephemerals(w.ann.ID()); len(e) != 1 || e[0].TS != ts || e[0].ThreadTS != root {
		t.Errorf("Ann sees %+v, want %s in the thread %s", e, ts, root)
	}
	wantEqual(t, "messages for Ben alone", len(w.srv.Ephemerals(w.ben.ID())), 0)
}

// The permalink of a reply names its thread.
func TestPermalink(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{WorkspaceURL: "https://demo.test"})
	root := w.postAsBot("root")
	reply := w.postAs(w.ann, root, "r")
	link := must(w.api.GetPermalinkContext(w.ctx, &slack.PermalinkParameters{Channel: w.ch, Ts: reply}))(t)
	wantEqual(t, "permalink", link,
		"https://demo.test/archives/"+w.ch+"/p"+strings.ReplaceAll(reply, ".", "")+"?thread_ts="+root+"&cid="+w.ch)
}

// When the first message of a thread vanishes, its replies go with it. A person who deletes a reply is told that
// there is no such message.
func TestForgottenRootHasNoReplies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	root := w.postAs(w.ann, "", "root")
	reply := w.postAs(w.ann, root, "reply")
	noError(t, w.srv.Admin.ForgetMessage(w.ch, root))
	wantError(t, w.ann.Delete(w.ch, reply), "message_not_found")
}
