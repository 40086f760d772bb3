package slackfake_test

import (
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"parley/bot/slack/slackfake"
)

func TestPostShapes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	_, _, m, err := w.api.PostMessageWithResponseContext(w.ctx, w.ch, slack.MsgOptionText("plain", false))
	if err != nil || m.BotID != w.srv.BotID() || m.User != w.srv.BotUserID() || m.SubType != "" || m.BotProfile == nil {
		t.Errorf("plain post = %+v, %v", m, err)
	}
	_, _, m, err = w.api.PostMessageWithResponseContext(w.ctx, w.ch, slack.MsgOptionText("x", false),
		slack.MsgOptionUsername("Kim (customer)"), slack.MsgOptionIconEmoji(":bust_in_silhouette:"))
	if err != nil || m.SubType != "bot_message" || m.Username != "Kim (customer)" || m.User != "" || m.Icons == nil {
		t.Errorf("customised post = %+v, %v", m, err)
	}
	w.srv.Admin.SetScopes("chat:write")
	_, _, m, err = w.api.PostMessageWithResponseContext(w.ctx, w.ch, slack.MsgOptionText("x", false), slack.MsgOptionUsername("Kim"))
	if err != nil || m.Username != "" || m.SubType != "" {
		t.Errorf("name without its scope must be ignored: %+v, %v", m, err)
	}
	_, ts, _, err := w.api.PostMessageWithResponseContext(w.ctx, w.ch, slack.MsgOptionText(strings.Repeat("é", 40_001), false))
	if err != nil || len([]rune(w.srv.Message(w.ch, ts).Text)) != 40_000 {
		t.Errorf("long text must be cut, not refused: %v", err)
	}
	if _, _, err = w.api.PostMessageContext(w.ctx, "#support", slack.MsgOptionText("by name", false)); err != nil {
		t.Error(err)
	}
}

// TestTextOfApps: Slack makes rich text of a text without blocks, which an app may replace by other blocks, unlike its own.
func TestTextOfApps(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	_, ts, m, err := w.api.PostMessageWithResponseContext(w.ctx, w.ch, slack.MsgOptionText("*Hi* <@U0ANN00001>", false))
	if err != nil || len(m.Blocks.BlockSet) != 1 {
		t.Fatalf("posted %+v, %v", m, err)
	}
	rich, ok := m.Blocks.BlockSet[0].(*slack.RichTextBlock)
	if !ok || rich.BlockID == "" || len(rich.Elements[0].(*slack.RichTextSection).Elements) != 3 {
		t.Errorf("blocks %+v", m.Blocks.BlockSet[0])
	}
	card := slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, "card", false, false), nil, nil)
	if _, _, _, err := w.api.UpdateMessageContext(w.ctx, w.ch, ts, slack.MsgOptionText("x", false), slack.MsgOptionBlocks(card)); err != nil {
		t.Errorf("its text could not become a card: %v", err)
	}
	if blocks := string(w.srv.Message(w.ch, ts).Blocks); !strings.Contains(blocks, "card") || strings.Contains(blocks, "rich_text") {
		t.Errorf("updated to %s", blocks)
	}
}

// TestTimestampsRise holds the clock still.
func TestTimestampsRise(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := newWorld(t, slackfake.Options{Clock: c.now})
	last := ""
	for range 20 {
		ts := w.post("x")
		if ts <= last || len(ts) != len("1795165200.000001") {
			t.Fatalf("ts %s after %s", ts, last)
		}
		last = ts
	}
}

// TestReplyToDeletedRoot is the trap of slack-go/slack#1571: ok, but at the top level.
func TestReplyToDeletedRoot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	root := w.post("root")
	if _, _, err := w.api.DeleteMessageContext(w.ctx, w.ch, root); err != nil {
		t.Fatal(err)
	}
	if w.srv.Thread(w.ch, root) != nil {
		t.Error("a root without replies must vanish")
	}
	_, ts, m, err := w.api.PostMessageWithResponseContext(w.ctx, w.ch, slack.MsgOptionText("late", false), slack.MsgOptionTS(root))
	if err != nil || m.ThreadTimestamp != "" {
		t.Errorf("late reply = %+v, %v", m, err)
	}
	if got := w.srv.Messages(w.ch); len(got) != 1 || got[0].TS != ts {
		t.Errorf("top level = %+v", got)
	}
}

func TestTombstone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	root := w.post("root")
	reply := w.say(w.ann, root, "reply")
	a := w.listen(nil)
	if _, _, err := w.api.DeleteMessageContext(w.ctx, w.ch, root); err != nil {
		t.Fatal(err)
	}
	raw := a.message("message_changed")
	m, _ := raw["message"].(map[string]any)
	if raw["subtype"] != "message_changed" || m["subtype"] != "tombstone" || m["user"] != "USLACKBOT" || m["ts"] != root {
		t.Errorf("event = %v", raw)
	}
	msgs, _, _, err := w.api.GetConversationRepliesContext(w.ctx, &slack.GetConversationRepliesParameters{ChannelID: w.ch, Timestamp: root})
	if err != nil || len(msgs) != 2 || msgs[0].SubType != "tombstone" || msgs[0].Text != "This message was deleted." {
		t.Errorf("replies = %+v, %v", msgs, err)
	}
	if err := w.ann.Delete(w.ch, reply); err != nil {
		t.Fatal(err)
	}
	raw = a.message("message_deleted")
	if raw["deleted_ts"] != reply || raw["thread_ts"] != nil {
		t.Errorf("event = %v", raw)
	}
}

// TestUpdateKeepsAndReplaces covers blocks, metadata and the edited mark.
func TestUpdateKeepsAndReplaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	card := slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, "card", false, false), nil, nil)
	meta := slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "d", EventPayload: map[string]any{"id": "7"}})
	ts := w.post("fallback", slack.MsgOptionBlocks(card), meta)
	update := func(o ...slack.MsgOption) *slackfake.Message {
		t.Helper()
		if _, _, _, err := w.api.UpdateMessageContext(w.ctx, w.ch, ts, o...); err != nil {
			t.Fatal(err)
		}
		return w.srv.Message(w.ch, ts)
	}
	m := update(slack.MsgOptionText("new", false), slack.MsgOptionBlocks(card))
	if m.Edited != nil || m.Metadata == nil || m.Blocks == nil {
		t.Errorf("update of blocks = %+v", m)
	}
	m = update(slack.MsgOptionText("only text", false), slack.MsgOptionAttachments(slack.Attachment{Text: "beside"}))
	if m.Edited == nil || m.Text != "only text" || !strings.Contains(string(m.Blocks), "card") || m.Metadata == nil {
		t.Errorf("update of text = %+v", m)
	}
	_, _, body := w.call("chat.update", w.srv.BotToken(), args("channel", w.ch, "ts", ts, "text", "x", "blocks", "[]", "metadata", "{}"))
	m = w.srv.Message(w.ch, ts)
	if body["ok"] != true || m.Metadata != nil || strings.Contains(string(m.Blocks), "card") {
		t.Errorf("metadata {} and blocks [] must remove: %v, %+v", body, m)
	}
	if !strings.Contains(string(m.Attachments), "beside") {
		t.Errorf("attachments that aren't named must stay: %+v", m)
	}
	w.call("chat.update", w.srv.BotToken(), args("channel", w.ch, "ts", ts, "text", "y", "attachments", "[]"))
	m = w.srv.Message(w.ch, ts)
	if len(m.Attachments) != 0 || !strings.Contains(string(m.Blocks), `"y"`) {
		t.Errorf("attachments [] must remove, and a text without blocks of the app's own is laid out anew: %+v", m)
	}
}

// TestFindDelivery is how a lost answer is cleared up: metadata in the thread.
func TestFindDelivery(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	root := w.post("root")
	w.post("reply", slack.MsgOptionTS(root),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "delivery", EventPayload: map[string]any{"id": "42"}}))
	for _, all := range []bool{false, true} {
		msgs, _, _, err := w.api.GetConversationRepliesContext(w.ctx, &slack.GetConversationRepliesParameters{
			ChannelID: w.ch, Timestamp: root, Oldest: root, IncludeAllMetadata: all,
		})
		if err != nil || len(msgs) != 2 {
			t.Fatalf("replies = %+v, %v", msgs, err)
		}
		got := msgs[1].Metadata
		if has := got.EventPayload["id"] == "42"; got.EventType != "delivery" || has != all {
			t.Errorf("include_all_metadata=%v gives %+v", all, got)
		}
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	root := w.post("0")
	for range 6 {
		w.say(w.ann, root, "reply")
		w.post("top")
	}
	var seen []string
	p := &slack.GetConversationHistoryParameters{ChannelID: w.ch, Limit: 3}
	for {
		page, err := w.api.GetConversationHistoryContext(w.ctx, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page.Messages {
			if n := len(seen); n > 0 && m.Timestamp >= seen[n-1] {
				t.Errorf("history must fall: %s after %s", m.Timestamp, seen[n-1])
			}
			seen = append(seen, m.Timestamp)
		}
		if p.Cursor = page.ResponseMetaData.NextCursor; !page.HasMore {
			break
		}
		w.post("newer than the page") // must not shift it
	}
	if len(seen) != 7 {
		t.Errorf("history has %d messages", len(seen))
	}
	replies := 0
	r := &slack.GetConversationRepliesParameters{ChannelID: w.ch, Timestamp: root, Limit: 4}
	for {
		page, more, next, err := w.api.GetConversationRepliesContext(w.ctx, r)
		if err != nil || page[0].Timestamp != root {
			t.Fatalf("page = %+v, %v", page, err)
		}
		replies += len(page) - 1
		if r.Cursor = next; !more {
			break
		}
	}
	if replies != 6 {
		t.Errorf("thread has %d replies", replies)
	}
}

func TestEphemeralAndPermalink(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{WorkspaceURL: "https://demo.test"})
	root := w.post("root")
	reply := w.say(w.ann, root, "r")
	ts, err := w.api.PostEphemeralContext(w.ctx, w.ch, w.ann.ID(), slack.MsgOptionText("only you", false), slack.MsgOptionTS(root))
	e := w.srv.Ephemerals(w.ann.ID())
	if err != nil || len(e) != 1 || e[0].TS != ts || e[0].ThreadTS != root || len(w.srv.Ephemerals(w.ben.ID())) != 0 {
		t.Errorf("ephemeral = %+v, %v", e, err)
	}
	link, err := w.api.GetPermalinkContext(w.ctx, &slack.PermalinkParameters{Channel: w.ch, Ts: reply})
	want := "https://demo.test/archives/" + w.ch + "/p" + strings.ReplaceAll(reply, ".", "") + "?thread_ts=" + root + "&cid=" + w.ch
	if err != nil || link != want {
		t.Errorf("permalink = %s, %v; want %s", link, err, want)
	}
}
