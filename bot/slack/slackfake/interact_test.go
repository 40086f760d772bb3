package slackfake_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"parley/bot/slack/slackfake"
)

// These tests click buttons, choose in menus and use shortcuts, and check what the app gets and what the person
// sees. world (helper_test.go) is an emulated workspace with Ann, Ben and the channel #support, and clients of
// the app.

// card is a message with every kind of element that a helpdesk uses.
const card = `[{"type":"section","block_id":"s","text":{"type":"mrkdwn","text":"card"},"accessory":
	{"type":"overflow","action_id":"more","options":[{"text":{"type":"plain_text","text":"Snooze"},"value":"snooze"}]}},
	{"type":"actions","block_id":"a","elements":[
	{"type":"button","action_id":"take","value":"conv-7","text":{"type":"plain_text","text":"Take"}},
	{"type":"static_select","action_id":"team",` +
	`"options":[{"text":{"type":"plain_text","text":"Sales"},"value":"t1"},{"text":{"type":"plain_text","text":"Support"},"value":"t2"}]},
	{"type":"users_select","action_id":"who"},
	{"type":"external_select","action_id":"tag","min_query_length":1},
	{"type":"datepicker","action_id":"day"}]}]`

// postCard posts the card by the bot; thread "" is the top level.
func (w *world) postCard(thread string) string {
	w.t.Helper()
	body := w.callAsBot("chat.postMessage", "channel", w.ch, "text", "card", "blocks", card, "thread_ts", thread)
	if body["ok"] != true {
		w.t.Fatalf("posting the card: got %v, want ok", body)
	}
	return body["ts"].(string)
}

// When a person uses an element of a card, the app is told what was picked and where.
func TestClicks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	root := w.postAsBot("root")
	ts := w.postCard(root)
	a := w.listen(nil)
	for _, r := range []struct {
		action string
		picked []string
		is     func(*slack.BlockAction) bool
	}{
		{action: "take", is: func(b *slack.BlockAction) bool { return b.Value == "conv-7" && b.Type == "button" && b.BlockID == "a" }},
		{action: "team", picked: []string{"t2"}, is: func(b *slack.BlockAction) bool {
			return b.SelectedOption.Value == "t2" && b.SelectedOption.Text.Text == "Support"
		}},
		{action: "who", picked: []string{"U0BEN00001"}, is: func(b *slack.BlockAction) bool { return b.SelectedUser == "U0BEN00001" }},
		{action: "day", picked: []string{"2026-12-01"}, is: func(b *slack.BlockAction) bool { return b.SelectedDate == "2026-12-01" }},
		{action: "more", picked: []string{"snooze"}, is: func(b *slack.BlockAction) bool {
			return b.SelectedOption.Value == "snooze" && b.BlockID == "s"
		}},
	} {
		o := must(w.ann.Click(w.ctx, slackfake.Target{Channel: w.ch, TS: ts}, r.action, r.picked...))(t)
		wantEqual(t, r.action+": outcome", o.Error, "")
		cb := a.waitInteraction()
		wantEqual(t, r.action+": type", cb.Type, slack.InteractionTypeBlockActions)
		if acts := cb.ActionCallback.BlockActions; len(acts) != 1 || !r.is(acts[0]) {
			t.Errorf("%s: got the actions %+v, want what was picked", r.action, acts)
		}
		wantEqual(t, r.action+": person", cb.User.ID, w.ann.ID())
		wantEqual(t, r.action+": channel", cb.Channel.ID, w.ch)
		wantEqual(t, r.action+": thread", cb.Container.ThreadTs, root)
		wantEqual(t, r.action+": message", cb.Container.MessageTs, ts)
		wantEqual(t, r.action+": the message itself", cb.Message.Timestamp, ts)
	}
}

// People can't click what isn't shown.
func TestClickWhatIsNotShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	at := slackfake.Target{Channel: w.ch, TS: w.postCard("")}
	w.listen(nil)
	if _, err := w.ann.Click(w.ctx, at, "team", "t9"); err == nil || !strings.Contains(err.Error(), "no such option") {
		t.Errorf("an option that is not shown: got %v, want no such option", err)
	}
	if _, err := w.ann.Click(w.ctx, at, "gone"); err == nil {
		t.Error("a button that is not shown was clicked")
	}
	if _, err := w.ann.Click(w.ctx, slackfake.Target{Channel: w.ch, TS: "1.000001"}, "take"); err == nil {
		t.Error("a button of a message that is gone was clicked")
	}
}

// A person sees a warning sign when the app doesn't answer a click, and the click isn't sent again.
func TestUnanswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{AckTimeout: 50 * time.Millisecond})
	ts := w.postCard("")
	at := slackfake.Target{Channel: w.ch, TS: ts}
	wantEqual(t, "outcome without an app", must(w.ann.Click(w.ctx, at, "take"))(t).Error, "connection_failed")
	a := w.listen(func(ev socketmode.Event) (any, bool) { return nil, ev.Type != socketmode.EventTypeInteractive })
	wantEqual(t, "outcome with a silent app", must(w.ann.Click(w.ctx, at, "take"))(t).Error, "operation_timeout")
	a.waitEvent(socketmode.EventTypeInteractive)
	wantEqual(t, "deliveries that are retried", w.srv.Events.Pending(), 0)
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
	if got := must(w.ann.Suggest(w.ctx, at, "tag", "bil"))(t); !slices.Equal(got, []string{"tag-bil"}) {
		t.Fatalf("options: got %q, want the one that the app suggested", got)
	}
	wantEqual(t, "first interaction", a.waitInteraction().Type, slack.InteractionTypeBlockSuggestion)
	must(w.ann.Click(w.ctx, at, "tag", "tag-bil"))(t)
	wantEqual(t, "picked", a.waitInteraction().ActionCallback.BlockActions[0].SelectedOption.Value, "tag-bil")
}

// A person's home tab shows what the app published, and its clicks carry that view.
func TestHome(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)

	// Before anything is published, opening the home tab carries no view.
	noError(t, w.ann.OpenHome())
	wantFields(t, "the first opening", a.waitRaw("app_home_opened"), dict{"user": w.ann.ID(), "tab": "home", "view": nil})

	// The app publishes a home tab for Ann alone, and can't replace a version that it doesn't know.
	home := slack.HomeTabViewRequest{Type: "home", PrivateMetadata: "p1", Blocks: slack.Blocks{BlockSet: []slack.Block{
		slack.NewActionBlock("f", slack.NewButtonBlockElement("mine", "1", slack.NewTextBlockObject(slack.PlainTextType, "Mine", false, false))),
	}}}
	published := must(w.api.PublishViewContext(w.ctx, slack.PublishViewContextRequest{UserID: w.ann.ID(), View: home}))(t).View
	old := "1.old"
	_, err := w.api.PublishViewContext(w.ctx, slack.PublishViewContextRequest{UserID: w.ann.ID(), View: home, Hash: &old})
	wantError(t, err, "hash_conflict")
	if v := w.srv.Home(w.ann.ID()); v == nil || v.ID != published.ID {
		t.Errorf("Ann's home: got %+v, want the view %s", v, published.ID)
	}
	if v := w.srv.Home(w.ben.ID()); v != nil {
		t.Errorf("Ben's home: got %+v, want none", v)
	}

	// A click in the home tab and its next opening carry the published view.
	wantEqual(t, "outcome of the click", must(w.ann.Click(w.ctx, slackfake.Target{View: "home"}, "mine"))(t).Error, "")
	cb := a.waitInteraction()
	wantEqual(t, "where the click was", cb.Container.Type, "view")
	wantEqual(t, "the click's view", cb.View.ID, published.ID)
	wantEqual(t, "the click's version of it", cb.View.Hash, published.Hash)
	wantEqual(t, "the click's private metadata", cb.View.PrivateMetadata, "p1")
	noError(t, w.ann.OpenHome())
	wantEqual(t, "the second opening carries the view", a.waitRaw("app_home_opened")["view"] != nil, true)
}

// waitCommand waits for a slash command.
func (a *app) waitCommand() slack.SlashCommand {
	a.w.t.Helper()
	return a.waitEvent(socketmode.EventTypeSlashCommand).Data.(slack.SlashCommand)
}

// A command comes with its words as Slack rewrites them, and the acknowledgement may answer it.
func TestCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(func(socketmode.Event) (any, bool) { return dict{"text": "working", "response_type": "ephemeral"}, true })
	wantEqual(t, "outcome", must(w.ann.Command(w.ctx, w.ch, "/helpdesk", "#12 assign @ben & co"))(t).Error, "")
	cmd := a.waitCommand()
	wantEqual(t, "command", cmd.Command, "/helpdesk")
	wantEqual(t, "channel", cmd.ChannelID, w.ch)
	wantEqual(t, "person", cmd.UserID, w.ann.ID())
	wantEqual(t, "text", cmd.Text, "#12 assign <@U0BEN00001|ben> &amp; co")
	if e := w.srv.Ephemerals(w.ann.ID()); len(e) != 1 || e[0].Text != "working" {
		t.Errorf("Ann sees %+v, want the answer in the acknowledgement", e)
	}
}

// The address for answers to a command works five times, within 30 minutes.
func TestResponseURL(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := newWorld(t, slackfake.Options{Clock: c.now})
	a := w.listen(nil)
	must(w.ann.Command(w.ctx, w.ch, "/helpdesk", ""))(t)
	cmd := a.waitCommand()
	const uses = 5
	for range uses {
		noError(t, slack.PostWebhookContext(w.ctx, cmd.ResponseURL, &slack.WebhookMessage{Text: "more", ResponseType: "in_channel"}))
	}
	if slack.PostWebhookContext(w.ctx, cmd.ResponseURL, &slack.WebhookMessage{Text: "more", ResponseType: "in_channel"}) == nil {
		t.Errorf("the address was used more than %d times", uses)
	}
	got := w.srv.Messages(w.ch)
	wantEqual(t, "messages in the channel", len(got), uses)
	wantEqual(t, "author of the answers", got[0].BotID, w.srv.BotID())

	must(w.ann.Command(w.ctx, w.ch, "/helpdesk", ""))(t)
	cmd = a.waitCommand()
	c.advance(31 * time.Minute)
	err := slack.PostWebhookContext(w.ctx, cmd.ResponseURL, &slack.WebhookMessage{Text: "late"})
	var status slack.StatusCodeError
	if !errors.As(err, &status) || status.Code != http.StatusNotFound {
		t.Errorf("after 30 minutes: got %v, want status 404", err)
	}
}

func TestReplaceAndDeleteOriginal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	ts := w.postCard("")
	click := func() string {
		t.Helper()
		must(w.ann.Click(w.ctx, slackfake.Target{Channel: w.ch, TS: ts}, "take"))(t)
		return a.waitInteraction().ResponseURL
	}
	noError(t, slack.PostWebhookContext(w.ctx, click(), &slack.WebhookMessage{Text: "taken", ReplaceOriginal: true}))
	wantEqual(t, "text of the replaced card", w.srv.Message(w.ch, ts).Text, "taken")
	wantEqual(t, "blocks of the replaced card", string(w.srv.Message(w.ch, ts).Blocks), "")

	ts = w.postCard("")
	noError(t, slack.PostWebhookContext(w.ctx, click(), &slack.WebhookMessage{DeleteOriginal: true}))
	if m := w.srv.Message(w.ch, ts); m != nil {
		t.Errorf("after its deletion the card is %+v, want nothing", m)
	}
}

func TestMessageShortcut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	root := w.postAsBot("root")
	reply := w.postAs(w.ben, root, "note this")
	a := w.listen(nil)
	must(w.ann.Shortcut(w.ctx, "conv_note", w.ch, reply))(t)
	cb := a.waitInteraction()
	wantEqual(t, "type", cb.Type, slack.InteractionTypeMessageAction)
	wantEqual(t, "shortcut", cb.CallbackID, "conv_note")
	wantEqual(t, "message", cb.MessageTs, reply)
	wantEqual(t, "thread", cb.Message.ThreadTimestamp, root)
	wantEqual(t, "text", cb.Message.Text, "note this")
	wantEqual(t, "channel", cb.Channel.ID, w.ch)
}

// Only the person who sees an ephemeral message can click in it. The app can replace and delete it by the click's
// address.
func TestEphemeralButtons(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	root := w.postAsBot("root")
	body := w.callAsBot("chat.postEphemeral", "channel", w.ch, "user", w.ann.ID(), "text", "sure?", "blocks", card, "thread_ts", root)
	at := slackfake.Target{Channel: w.ch, TS: body["message_ts"].(string)}
	if _, err := w.ben.Click(w.ctx, at, "take"); err == nil {
		t.Error("Ben clicked what only Ann sees")
	}

	must(w.ann.Click(w.ctx, at, "take"))(t)
	cb := a.waitInteraction()
	wantEqual(t, "the click is where only one person sees", cb.Container.IsEphemeral, true)
	wantEqual(t, "the click's thread", cb.Container.ThreadTs, root)
	wantEqual(t, "the click's message, which an app can't read", cb.Message.Timestamp, "")

	noError(t, slack.PostWebhookContext(w.ctx, cb.ResponseURL, &slack.WebhookMessage{Text: "done", ReplaceOriginal: true}))
	if e := w.srv.Ephemerals(w.ann.ID()); len(e) != 1 || e[0].Text != "done" {
		t.Errorf("after the replacement Ann sees %+v, want it alone", e)
	}
	noError(t, slack.PostWebhookContext(w.ctx, cb.ResponseURL, &slack.WebhookMessage{DeleteOriginal: true}))
	wantEqual(t, "messages after the deletion", len(w.srv.Ephemerals("")), 0)
}

// A reset ends a person's wait for the app's answer.
func TestResetFreesPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{AckTimeout: time.Hour})
	done := make(chan *slackfake.Outcome, 1)
	go func() {
		o, _ := w.ann.GlobalShortcut(w.ctx, "x") //nolint:errcheck // the outcome tells
		done <- o
	}()
	w.waitFor("the click", func() bool { return w.srv.Events.Pending() == 1 })
	w.srv.Reset()
	if o := <-done; o == nil || o.Error != "reset" {
		t.Errorf("outcome of the click: got %+v, want the error reset", o)
	}
}

// People can't use commands, shortcuts and a home tab that the app's manifest doesn't offer.
func TestManifestDecides(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{Commands: []string{"/helpdesk"}, Shortcuts: []string{"conv_new"}, NoHome: true})
	w.listen(nil)
	ts := w.postAsBot("x")
	_, err := w.ann.Command(w.ctx, w.ch, "/assign", "")
	wantError(t, err, "not_found")
	_, err = w.ann.Shortcut(w.ctx, "conv_tag", w.ch, ts)
	wantError(t, err, "not_found")
	wantError(t, w.ann.OpenHome(), "not_enabled")
	wantFields(t, "publishing a home", w.callAsBot("views.publish", "user_id", w.ann.ID(), "view", homeJSON), dict{"error": "not_enabled"})

	must(w.ann.Command(w.ctx, w.ch, "/helpdesk", ""))(t)
	must(w.ann.GlobalShortcut(w.ctx, "conv_new"))(t)
	w.srv.Admin.SetScopes("chat:write")
	_, err = w.ann.Command(w.ctx, w.ch, "/helpdesk", "")
	wantError(t, err, "not_found")
}
