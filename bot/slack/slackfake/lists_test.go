package slackfake_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"parley/bot/slack/slackfake"
)

// TestScheduledMessages: a message is posted when its time has come, unless the app takes it back.
func TestScheduledMessages(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := newWorld(t, slackfake.Options{Clock: c.now})
	at := func(d time.Duration) string { return strconv.FormatInt(c.now().Add(d).Unix(), 10) }
	root := w.post("root")
	_, first, err := w.api.ScheduleMessageContext(w.ctx, w.ch, at(time.Minute), slack.MsgOptionText("soon", false), slack.MsgOptionTS(root))
	if err != nil {
		t.Fatal(err)
	}
	_, second, err := w.api.ScheduleMessageContext(w.ctx, w.ch, at(2*time.Minute), slack.MsgOptionText("never", false))
	if err != nil {
		t.Fatal(err)
	}
	_, _, third := w.call("chat.scheduleMessage", w.srv.BotToken(), args("channel", w.ch, "text", "last", "post_at", at(time.Hour)))
	list, next, err := w.api.GetScheduledMessagesContext(w.ctx, &slack.GetScheduledMessagesParameters{Channel: w.ch, Limit: 2})
	if err != nil || len(list) != 2 || next == "" || list[0].ID != first || list[0].Text != "soon" || list[1].ID != second {
		t.Fatalf("to be posted: %+v, next %q, %v", list, next, err)
	}
	list, next, err = w.api.GetScheduledMessagesContext(w.ctx, &slack.GetScheduledMessagesParameters{Limit: 2, Cursor: next})
	if err != nil || len(list) != 1 || next != "" || list[0].ID != third["scheduled_message_id"] {
		t.Errorf("the rest: %+v, next %q, %v", list, next, err)
	}
	if _, err := w.api.DeleteScheduledMessageContext(w.ctx, &slack.DeleteScheduledMessageParameters{Channel: w.ch, ScheduledMessageID: second}); err != nil {
		t.Error(err)
	}
	c.advance(3 * time.Minute)
	if err := w.srv.WaitFor(w.ctx, func() bool { return len(w.srv.Thread(w.ch, root)) == 2 }); err != nil {
		t.Fatal(err)
	}
	c.advance(time.Hour)
	if err := w.srv.WaitFor(w.ctx, func() bool { return len(w.srv.Messages(w.ch)) == 2 }); err != nil {
		t.Fatal(err)
	}
	if m := w.srv.Messages(w.ch)[1]; m.Text != "last" || m.BotID != w.srv.BotID() {
		t.Errorf("posted %+v", m)
	}
	bot := w.srv.BotToken()
	checkRefusals(w, []refusal{
		{"in the past", "chat.scheduleMessage", bot, args("channel", w.ch, "text", "x", "post_at", at(-time.Second)), "time_in_past"},
		{"next year", "chat.scheduleMessage", bot, args("channel", w.ch, "text", "x", "post_at", at(121*24*time.Hour)), "time_too_far"},
		{"no time", "chat.scheduleMessage", bot, args("channel", w.ch, "text", "x", "post_at", "soon"), "invalid_time"},
		{"without a time", "chat.scheduleMessage", bot, args("channel", w.ch, "text", "x"), "invalid_time"},
		{"nothing to say", "chat.scheduleMessage", bot, args("channel", w.ch, "post_at", at(time.Minute)), "no_text"},
		{"take back twice", "chat.deleteScheduledMessage", bot, args("channel", w.ch, "scheduled_message_id", second), "invalid_scheduled_message_id"},
		{"say nothing", "chat.meMessage", bot, args("channel", w.ch), "no_text"},
		{"no scope for pins", "pins.add", bot, args("channel", w.ch, "timestamp", root), "missing_scope"},
		{"no scope for emoji", "emoji.list", bot, nil, "missing_scope"},
		{"no scope for groups", "usergroups.list", bot, nil, "missing_scope"},
		{"reactions of nobody", "reactions.list", bot, args("user", "U0NOBODY01"), "user_not_found"},
	})
}

// TestLists: what there is of reactions and files, and that there is nothing else.
func TestLists(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{Scopes: append(slackfake.AllScopes(), "emoji:read", "usergroups:read")})
	var last string
	for _, text := range []string{"one", "two", "three"} {
		last = w.post(text)
		if err := w.api.AddReactionContext(w.ctx, "eyes", slack.NewRefToMessage(w.ch, last)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.ann.React(w.ch, last, "tada"); err != nil {
		t.Fatal(err)
	}
	seen, next, err := w.api.ListReactionsContext(w.ctx, slack.ListReactionsParameters{Limit: 2})
	if err != nil || len(seen) != 2 || next == "" || seen[0].Message.Text != "three" || seen[0].Channel != w.ch {
		t.Errorf("reactions %+v, next %q, %v", seen, next, err)
	}
	seen, next, err = w.api.ListReactionsContext(w.ctx, slack.ListReactionsParameters{User: w.ann.ID()})
	if err != nil || len(seen) != 1 || next != "" || len(seen[0].Reactions) != 2 {
		t.Errorf("of Ann: %+v, next %q, %v", seen, next, err)
	}
	for _, name := range []string{"a.txt", "b.txt", "c.txt"} {
		if _, err := w.ann.Post(slackfake.Post{Channel: w.ch, Files: []slackfake.NewFile{{Name: name, Data: []byte("x")}}}); err != nil {
			t.Fatal(err)
		}
	}
	files, page, err := w.api.GetFilesContext(w.ctx, slack.GetFilesParameters{Channel: w.ch, User: w.ann.ID(), Count: 2, Page: 2})
	if err != nil || len(files) != 1 || page.Total != 3 || page.Pages != 2 {
		t.Errorf("files %+v, %+v, %v", files, page, err)
	}
	if files, _, err = w.api.GetFilesContext(w.ctx, slack.GetFilesParameters{User: w.ben.ID()}); err != nil || len(files) != 0 {
		t.Errorf("files of Ben: %+v, %v", files, err)
	}
	if emoji, err := w.api.GetEmojiContext(w.ctx); err != nil || len(emoji) != 0 {
		t.Errorf("emoji %v, %v", emoji, err)
	}
	if groups, err := w.api.GetUserGroupsContext(w.ctx); err != nil || len(groups) != 0 {
		t.Errorf("groups %v, %v", groups, err)
	}
	_, ts, err := w.api.PostMessageContext(w.ctx, w.ch, slack.MsgOptionText("waves", false), slack.MsgOptionMeMessage())
	if m := w.srv.Message(w.ch, ts); err != nil || m == nil || m.Subtype != "me_message" || m.Text != "waves" {
		t.Errorf("me %+v, %v", m, err)
	}
}

// TestEmojiNames: a second name of an emoji is no second reaction, and the app hears the name that Slack keeps.
func TestEmojiNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	root := slack.NewRefToMessage(w.ch, w.post("root"))
	for _, r := range []struct{ name, refused string }{
		{"thumbsup", ""}, {"+1", "already_reacted"}, {"thumbsup::skin-tone-3", ""}, {"+1::skin-tone-3", "already_reacted"}, {"party_parrot", ""},
	} {
		err := w.api.AddReactionContext(w.ctx, r.name, root)
		if r.refused == "" && err != nil {
			t.Errorf("%s: %v", r.name, err)
		} else if r.refused != "" {
			refused(t, err, r.refused)
		}
	}
	var names []string
	for _, r := range w.srv.Message(w.ch, root.Timestamp).Reactions {
		names = append(names, r.Name)
	}
	if want := []string{"+1", "+1::skin-tone-3", "party_parrot"}; !slices.Equal(names, want) {
		t.Errorf("reactions %v, want %v", names, want)
	}
	if err := w.api.RemoveReactionContext(w.ctx, "thumbsup", root); err != nil {
		t.Error(err)
	}
}
