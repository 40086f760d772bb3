package slackfake_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"parley/bot/slack/slackfake"
)

// card is a message with every kind of element that a helpdesk uses.
const card = `[{"type":"section","block_id":"s","text":{"type":"mrkdwn","text":"card"},"accessory":
	{"type":"overflow","action_id":"more","options":[{"text":{"type":"plain_text","text":"Snooze"},"value":"snooze"}]}},
	{"type":"actions","block_id":"a","elements":[
	{"type":"button","action_id":"take","value":"conv-7","text":{"type":"plain_text","text":"Take"}},
	{"type":"static_select","action_id":"team","options":[{"text":{"type":"plain_text","text":"Sales"},"value":"t1"},{"text":{"type":"plain_text","text":"Support"},"value":"t2"}]},
	{"type":"users_select","action_id":"who"},
	{"type":"external_select","action_id":"tag","min_query_length":1},
	{"type":"datepicker","action_id":"day"}]}]`

func (w *world) postCard(thread string) string {
	w.t.Helper()
	_, _, body := w.call("chat.postMessage", w.srv.BotToken(), args("channel", w.ch, "text", "card", "blocks", card, "thread_ts", thread))
	if body["ok"] != true {
		w.t.Fatal(body)
	}
	return body["ts"].(string)
}

func interaction(t *testing.T, ev socketmode.Event) slack.InteractionCallback {
	t.Helper()
	cb, ok := ev.Data.(slack.InteractionCallback)
	if !ok {
		t.Fatalf("no interaction: %T", ev.Data)
	}
	return cb
}

func TestClicks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	root := w.post("root")
	ts := w.postCard(root)
	a := w.listen(nil)
	at := slackfake.Target{Channel: w.ch, TS: ts}
	rows := []struct {
		action string
		picked []string
		check  func(*slack.BlockAction) bool
	}{
		{"take", nil, func(b *slack.BlockAction) bool { return b.Value == "conv-7" && b.Type == "button" && b.BlockID == "a" }},
		{"team", []string{"t2"}, func(b *slack.BlockAction) bool {
			return b.SelectedOption.Value == "t2" && b.SelectedOption.Text.Text == "Support"
		}},
		{"who", []string{"U0BEN00001"}, func(b *slack.BlockAction) bool { return b.SelectedUser == "U0BEN00001" }},
		{"day", []string{"2026-12-01"}, func(b *slack.BlockAction) bool { return b.SelectedDate == "2026-12-01" }},
		{"more", []string{"snooze"}, func(b *slack.BlockAction) bool { return b.SelectedOption.Value == "snooze" && b.BlockID == "s" }},
	}
	for _, r := range rows {
		o, err := w.ann.Click(w.ctx, at, r.action, r.picked...)
		if err != nil || o.Error != "" {
			t.Fatalf("%s: %+v, %v", r.action, o, err)
		}
		cb := interaction(t, a.next(socketmode.EventTypeInteractive))
		if cb.Type != slack.InteractionTypeBlockActions || len(cb.ActionCallback.BlockActions) != 1 || !r.check(cb.ActionCallback.BlockActions[0]) {
			t.Errorf("%s: actions = %+v", r.action, cb.ActionCallback.BlockActions)
		}
		if cb.User.ID != w.ann.ID() || cb.Container.ThreadTs != root || cb.Container.MessageTs != ts || cb.Channel.ID != w.ch || cb.Message.Timestamp != ts {
			t.Errorf("%s: place = %+v", r.action, cb.Container)
		}
	}
	if _, err := w.ann.Click(w.ctx, at, "team", "t9"); err == nil || !strings.Contains(err.Error(), "no such option") {
		t.Errorf("an option that is not shown: %v", err)
	}
	if _, err := w.ann.Click(w.ctx, at, "gone"); err == nil {
		t.Error("a button that is not shown must not be clickable")
	}
	if _, err := w.ann.Click(w.ctx, slackfake.Target{Channel: w.ch, TS: "1.000001"}, "take"); err == nil {
		t.Error("a message that is gone must not be clickable")
	}
}

// TestUnanswered shows a person's warning sign when the app is silent, and no retry.
func TestUnanswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{AckTimeout: 50 * time.Millisecond})
	ts := w.postCard("")
	at := slackfake.Target{Channel: w.ch, TS: ts}
	if o, err := w.ann.Click(w.ctx, at, "take"); err != nil || o.Error != "connection_failed" {
		t.Errorf("without an app: %+v, %v", o, err)
	}
	a := w.listen(func(ev socketmode.Event) (any, bool) { return nil, ev.Type != socketmode.EventTypeInteractive })
	if o, err := w.ann.Click(w.ctx, at, "take"); err != nil || o.Error != "operation_timeout" {
		t.Errorf("with a silent app: %+v, %v", o, err)
	}
	a.next(socketmode.EventTypeInteractive)
	if n := w.srv.Events.Pending(); n != 0 {
		t.Errorf("%d deliveries pending: interactions are not retried", n)
	}
}

func TestExternalSelect(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	ts := w.postCard("")
	a := w.listen(func(ev socketmode.Event) (any, bool) {
		cb, ok := ev.Data.(slack.InteractionCallback)
		if !ok || cb.Type != slack.InteractionTypeBlockSuggestion {
			return nil, true
		}
		text := slack.NewTextBlockObject(slack.PlainTextType, "billing", false, false)
		return slack.OptionsResponse{Options: []*slack.OptionBlockObject{slack.NewOptionBlockObject("tag-"+cb.Value, text, nil)}}, true
	})
	at := slackfake.Target{Channel: w.ch, TS: ts}
	got, err := w.ann.Suggest(w.ctx, at, "tag", "bil")
	if err != nil || len(got) != 1 || got[0] != "tag-bil" {
		t.Fatalf("options = %v, %v", got, err)
	}
	if _, err := w.ann.Click(w.ctx, at, "tag", "tag-bil"); err != nil {
		t.Fatal(err)
	}
	for {
		cb := interaction(t, a.next(socketmode.EventTypeInteractive))
		if cb.Type == slack.InteractionTypeBlockActions {
			if v := cb.ActionCallback.BlockActions[0].SelectedOption.Value; v != "tag-bil" {
				t.Errorf("picked %q", v)
			}
			break
		}
	}
}

func TestHome(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	if err := w.ann.OpenHome(); err != nil {
		t.Fatal(err)
	}
	_, raw := a.inner("app_home_opened")
	if raw["user"] != w.ann.ID() || raw["tab"] != "home" || raw["view"] != nil {
		t.Errorf("first opening = %v", raw)
	}
	home := slack.HomeTabViewRequest{Type: "home", PrivateMetadata: "p1", Blocks: slack.Blocks{BlockSet: []slack.Block{
		slack.NewActionBlock("f", slack.NewButtonBlockElement("mine", "1", slack.NewTextBlockObject(slack.PlainTextType, "Mine", false, false))),
	}}}
	res, err := w.api.PublishViewContext(w.ctx, slack.PublishViewContextRequest{UserID: w.ann.ID(), View: home})
	if err != nil {
		t.Fatal(err)
	}
	old := "1.old"
	_, err = w.api.PublishViewContext(w.ctx, slack.PublishViewContextRequest{UserID: w.ann.ID(), View: home, Hash: &old})
	refused(t, err, "hash_conflict")
	if o, err := w.ann.Click(w.ctx, slackfake.Target{View: "home"}, "mine"); err != nil || o.Error != "" {
		t.Fatalf("click = %+v, %v", o, err)
	}
	cb := interaction(t, a.next(socketmode.EventTypeInteractive))
	if cb.Container.Type != "view" || cb.View.ID != res.View.ID || cb.View.Hash != res.View.Hash || cb.View.PrivateMetadata != "p1" {
		t.Errorf("home click = %+v", cb.View)
	}
	if err := w.ann.OpenHome(); err != nil {
		t.Fatal(err)
	}
	if _, raw = a.inner("app_home_opened"); raw["view"] == nil {
		t.Error("second opening must carry the view")
	}
	if v := w.srv.Home(w.ann.ID()); v == nil || v.ID != res.View.ID || w.srv.Home(w.ben.ID()) != nil {
		t.Errorf("home = %+v", v)
	}
}

// TestCommandAndResponseURL answers a command five times, and no sixth.
func TestCommandAndResponseURL(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := newWorld(t, slackfake.Options{Clock: c.now})
	a := w.listen(func(ev socketmode.Event) (any, bool) {
		if ev.Type == socketmode.EventTypeSlashCommand {
			return map[string]any{"text": "working", "response_type": "ephemeral"}, true
		}
		return nil, true
	})
	o, err := w.ann.Command(w.ctx, w.ch, "/helpdesk", "#12 assign @ben & co")
	if err != nil || o.Error != "" {
		t.Fatalf("command = %+v, %v", o, err)
	}
	cmd, ok := a.next(socketmode.EventTypeSlashCommand).Data.(slack.SlashCommand)
	if !ok || cmd.Command != "/helpdesk" || cmd.ChannelID != w.ch || cmd.UserID != w.ann.ID() || cmd.Text != "#12 assign <@U0BEN00001|ben> &amp; co" {
		t.Errorf("command = %+v", cmd)
	}
	if e := w.srv.Ephemerals(w.ann.ID()); len(e) != 1 || e[0].Text != "working" {
		t.Errorf("answer in the ack = %+v", e)
	}
	for i := range 6 {
		err := slack.PostWebhookContext(w.ctx, cmd.ResponseURL, &slack.WebhookMessage{Text: "more", ResponseType: "in_channel"})
		if (err == nil) != (i < 5) {
			t.Errorf("use %d: %v", i+1, err)
		}
	}
	if got := w.srv.Messages(w.ch); len(got) != 5 || got[0].BotID != w.srv.BotID() {
		t.Errorf("%d messages", len(got))
	}
	if _, err = w.ann.Command(w.ctx, w.ch, "/helpdesk", ""); err != nil {
		t.Fatal(err)
	}
	cmd = a.next(socketmode.EventTypeSlashCommand).Data.(slack.SlashCommand)
	c.advance(31 * time.Minute)
	err = slack.PostWebhookContext(w.ctx, cmd.ResponseURL, &slack.WebhookMessage{Text: "late"})
	var status slack.StatusCodeError
	if !errors.As(err, &status) || status.Code != http.StatusNotFound {
		t.Errorf("after 30 minutes: %v", err)
	}
}

func TestReplaceAndDeleteOriginal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	ts := w.postCard("")
	click := func() string {
		t.Helper()
		if _, err := w.ann.Click(w.ctx, slackfake.Target{Channel: w.ch, TS: ts}, "take"); err != nil {
			t.Fatal(err)
		}
		return interaction(t, a.next(socketmode.EventTypeInteractive)).ResponseURL
	}
	if err := slack.PostWebhookContext(w.ctx, click(), &slack.WebhookMessage{Text: "taken", ReplaceOriginal: true}); err != nil {
		t.Fatal(err)
	}
	if m := w.srv.Message(w.ch, ts); m.Text != "taken" || m.Blocks != nil {
		t.Errorf("replaced = %+v", m)
	}
	ts = w.postCard("")
	if err := slack.PostWebhookContext(w.ctx, click(), &slack.WebhookMessage{DeleteOriginal: true}); err != nil {
		t.Fatal(err)
	}
	if w.srv.Message(w.ch, ts) != nil {
		t.Error("not deleted")
	}
}

func TestMessageShortcut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	root := w.post("root")
	reply := w.say(w.ben, root, "note this")
	a := w.listen(nil)
	if _, err := w.ann.Shortcut(w.ctx, "conv_note", w.ch, reply); err != nil {
		t.Fatal(err)
	}
	cb := interaction(t, a.next(socketmode.EventTypeInteractive))
	if cb.Type != slack.InteractionTypeMessageAction || cb.CallbackID != "conv_note" || cb.MessageTs != reply ||
		cb.Message.ThreadTimestamp != root || cb.Message.Text != "note this" || cb.Channel.ID != w.ch {
		t.Errorf("shortcut = %+v", cb)
	}
}

// TestEphemeralButtons clicks where only one person sees, and replaces what is seen.
func TestEphemeralButtons(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	root := w.post("root")
	_, _, body := w.call("chat.postEphemeral", w.srv.BotToken(), args("channel", w.ch, "user", w.ann.ID(), "text", "sure?", "blocks", card, "thread_ts", root))
	at := slackfake.Target{Channel: w.ch, TS: body["message_ts"].(string)}
	if _, err := w.ben.Click(w.ctx, at, "take"); err == nil {
		t.Error("ben cannot see it")
	}
	if _, err := w.ann.Click(w.ctx, at, "take"); err != nil {
		t.Fatal(err)
	}
	cb := interaction(t, a.next(socketmode.EventTypeInteractive))
	if !cb.Container.IsEphemeral || cb.Container.ThreadTs != root || cb.Message.Timestamp != "" {
		t.Errorf("ephemeral click = %+v", cb.Container)
	}
	if err := slack.PostWebhookContext(w.ctx, cb.ResponseURL, &slack.WebhookMessage{Text: "done", ReplaceOriginal: true}); err != nil {
		t.Fatal(err)
	}
	if e := w.srv.Ephemerals(w.ann.ID()); len(e) != 1 || e[0].Text != "done" {
		t.Errorf("replaced = %+v", e)
	}
	if err := slack.PostWebhookContext(w.ctx, cb.ResponseURL, &slack.WebhookMessage{DeleteOriginal: true}); err != nil {
		t.Fatal(err)
	}
	if e := w.srv.Ephemerals(""); len(e) != 0 {
		t.Errorf("deleted = %+v", e)
	}
}

// TestResetFreesPeople: nobody waits for an answer that a reset made impossible.
func TestResetFreesPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{AckTimeout: time.Hour})
	done := make(chan *slackfake.Outcome, 1)
	go func() {
		o, _ := w.ann.GlobalShortcut(w.ctx, "x") //nolint:errcheck // the outcome tells
		done <- o
	}()
	w.until("the click", func() bool { return w.srv.Events.Pending() == 1 })
	w.srv.Reset()
	if o := <-done; o == nil || o.Error != "reset" {
		t.Errorf("outcome = %+v", o)
	}
}

// TestManifestDecides: what the app does not offer, people cannot use.
func TestManifestDecides(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{Commands: []string{"/helpdesk"}, Shortcuts: []string{"conv_new"}, NoHome: true})
	w.listen(nil)
	ts := w.post("x")
	_, err := w.ann.Command(w.ctx, w.ch, "/assign", "")
	refused(t, err, "not_found")
	_, err = w.ann.Shortcut(w.ctx, "conv_tag", w.ch, ts)
	refused(t, err, "not_found")
	refused(t, w.ann.OpenHome(), "not_enabled")
	_, _, body := w.call("views.publish", w.srv.BotToken(), args("user_id", w.ann.ID(), "view", homeJSON))
	if body["error"] != "not_enabled" {
		t.Errorf("publish = %v", body)
	}
	if _, err := w.ann.Command(w.ctx, w.ch, "/helpdesk", ""); err != nil {
		t.Error(err)
	}
	if _, err := w.ann.GlobalShortcut(w.ctx, "conv_new"); err != nil {
		t.Error(err)
	}
	w.srv.Admin.SetScopes("chat:write")
	_, err = w.ann.Command(w.ctx, w.ch, "/helpdesk", "")
	refused(t, err, "not_found")
}
