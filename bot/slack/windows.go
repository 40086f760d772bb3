package slack

import (
	"context"
	"fmt"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/forms"
	"parley/bot/slack/blockkit"
	"parley/bot/slack/fact"
	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels/pause"
)

// quickly is how long the making of a form may take before a waiting view is shown in its place. Slack
// lets a click open a view only for three seconds.
const quickly = 1200 * time.Millisecond

// replying is told who has a reply's form open: before the form is shown, and when it was closed without
// being submitted. at is when the form was made, by Parley's clock.
type replying interface {
	ReplyOpened(ctx context.Context, conversation bridge.ConversationID, user string, at time.Time) error
	ReplyClosed(ctx context.Context, conversation bridge.ConversationID, user string, at time.Time) error
}

// windows are the forms and cards that Slack shows above its own page.
type windows struct {
	*workspace

	desk     forms.Desk
	replying replying
	posts    *poster
	zone     *time.Location // for readers whose own zone isn't known
}

// replyOpened notes that somebody is about to see a reply's form, and asks Slack to tell when they close
// it.
func (w *windows) replyOpened(ctx context.Context, m *slackapi.ModalViewRequest, f view.Form, user string) {
	m.NotifyOnClose = true
	if err := w.replying.ReplyOpened(ctx, f.Args.Conversation, user, f.At); err != nil {
		w.log.Info("slack form not noted as open", "error", err)
	}
}

// viewClosed notes that somebody closed a reply's form without submitting it.
func (w *windows) viewClosed(ctx context.Context, in *interaction) {
	if in.View != nil {
		w.replyClosed(ctx, in.View.Private, in.User.ID)
	}
}

// What a person is told who pressed a button whose window Slack did not show, with the reason if it is known.
const (
	notOpenedText = "Slack didn’t show the window. Please try again."
	tooLateText   = "Slack didn’t show the window: it waits three seconds for it, and Parley took longer. Please try again."
)

// notOpened logs that a form could not be shown, and tells the person who pressed: Slack's client says nothing.
func (w *windows) notOpened(ctx context.Context, in *interaction, m slackapi.ModalViewRequest, err error) {
	w.log.Warn("slack form not opened", "error", err)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second) // what took long may have used up its time
	defer cancel()
	if m.NotifyOnClose {
		w.replyClosed(ctx, m.PrivateMetadata, in.User.ID)
	}
	at := in.place()
	if at.Thread == "" && !in.Container.Private {
		at.Thread = at.Message // a button on the card, which begins the thread
	}
	r := blockkit.Message{Text: notOpenedText}
	if codeOf(err) == "expired_trigger_id" {
		r.Text = tooLateText
	}
	if at.Channel == "" { // an entry of the menu beside the message box
		_, err = w.posts.direct(ctx, in.User.ID, r, false)
	} else {
		_, err = w.posts.private(ctx, at, in.User.ID, r, false)
	}
	if err != nil {
		w.log.Info("slack form not told as not opened", "error", err)
	}
}

// replyClosed takes back what replyOpened noted. private is the form's private data.
func (w *windows) replyClosed(ctx context.Context, private, user string) {
	p := blockkit.ReadMemory(private)
	_, args, err := verb.Pressed(p.Verb, p.Args)
	if err != nil || args.Conversation == 0 {
		return
	}
	if err := w.replying.ReplyClosed(ctx, args.Conversation, user, time.Unix(p.At, 0)); err != nil {
		w.log.Info("slack form not noted as closed", "error", err)
	}
}

// refresh shows the conversation's details again, after a button was pressed in a window.
func (w *windows) refresh(ctx context.Context, me *fact.Self, in *interaction, args bridge.Args, at bridge.Place, user string) {
	if !pause.For(ctx, time.Second) {
		return
	}
	w.replace(ctx, in, w.cardModal(ctx, me, view.OpensDetails, args, at, user))
}

// replace shows another window in place of the one in which somebody clicked.
func (w *windows) replace(ctx context.Context, in *interaction, m slackapi.ModalViewRequest) {
	if _, err := w.api.UpdateViewContext(ctx, m, "", "", in.View.ID); err != nil {
		w.log.Info("slack view not refreshed", "error", err)
	}
}

// formModal makes a verb's form, or says why there is none.
func (w *windows) formModal(ctx context.Context, me *fact.Self, verb bridge.Verb, args bridge.Args, at bridge.Place, user, text string) slackapi.ModalViewRequest {
	form, zone, err := w.forms().Form(ctx, verb, args, at, user, text)
	if err != nil {
		return me.Home.Problem(err, at)
	}
	m := me.Home.Form(form, blockkit.Remember(at, zone, form, w.now()))
	if forms.Replies(form) {
		w.replyOpened(ctx, &m, form, user)
	}
	return m
}

// cardModal makes a window of details, history or a list.
func (w *windows) cardModal(ctx context.Context, me *fact.Self, opens view.Opens, args bridge.Args, at bridge.Place, user string) slackapi.ModalViewRequest {
	c, err := w.forms().Window(ctx, opens, args, at, user)
	if err != nil {
		return me.Home.Problem(err, at)
	}
	return me.Home.Window(c, at)
}

func (w *windows) forms() forms.Maker { return forms.Maker{Desk: w.desk, Now: w.now, Zone: w.zone} }

// open shows a modal. When making it takes long, a waiting view holds the place.
func (w *windows) open(ctx context.Context, me *fact.Self, in *interaction, build func(context.Context) slackapi.ModalViewRequest) {
	made := make(chan slackapi.ModalViewRequest, 1)
	go func() { made <- build(ctx) }() // ends with ctx; every way out of here waits for it
	timer := time.NewTimer(quickly)
	defer timer.Stop()
	select {
	case m := <-made:
		if _, err := w.showView(ctx, in, m); err != nil {
			w.notOpened(ctx, in, m, err)
		}
		return
	case <-timer.C:
	}
	shown, err := w.showView(ctx, in, waiting(me, in.place()))
	m := <-made
	if err == nil {
		_, err = w.api.UpdateViewContext(ctx, m, "", shown.Hash, shown.ID)
	}
	if err != nil {
		w.notOpened(ctx, in, m, err)
	}
}

// waiting makes the window that is shown until a form is ready.
func waiting(me *fact.Self, at bridge.Place) slackapi.ModalViewRequest {
	line := view.Block{Kind: view.BlockLine, Pieces: []view.Piece{{Kind: view.PieceText, Text: "Loading …"}}}
	return me.Home.Window(view.Card{Blocks: []view.Block{line}}, at)
}

// showView opens a modal, on top of the one in which somebody clicked, if there is one.
func (w *windows) showView(ctx context.Context, in *interaction, m slackapi.ModalViewRequest) (*slackapi.View, error) {
	show := w.api.OpenViewContext
	if in.View != nil {
		show = w.api.PushViewContext
	}
	v, err := show(ctx, in.TriggerID, m)
	if err != nil {
		return nil, err
	}
	if v == nil || v.View.ID == "" {
		return nil, errBlank
	}
	return &v.View, nil
}

// suggest gives the options of a long menu while somebody types into it.
func (w *windows) suggest(ctx context.Context, in *interaction) (any, error) {
	if in.View == nil {
		return blockkit.NoOptions(), nil
	}
	p := blockkit.ReadMemory(in.View.Private)
	name, args, err := verb.Pressed(p.Verb, p.Args)
	if err != nil {
		return blockkit.NoOptions(), nil
	}
	form, _, err := w.forms().Form(ctx, name, args, p.Place, in.User.ID, "")
	if err != nil {
		return blockkit.NoOptions(), fmt.Errorf("slack: options: %w", err)
	}
	for _, f := range form.Fields {
		if blockkit.FieldID(f.Name) == in.BlockID {
			return blockkit.Matching(f, in.Value, answerBytes), nil
		}
	}
	return blockkit.NoOptions(), nil
}
