package slack

import (
	"context"
	"fmt"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/forms"
	"parley/bot/slack/blockkit"
	"parley/bot/slack/fact"
	"parley/bot/slack/refusal"
	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels/pause"
)

// Windows are the forms and cards that Slack shows above its own page; Slack calls them modals, or views. A click
// brings a trigger id, by which a window can be opened within three seconds. If it takes longer to make one, a window
// that says "Loading …" is opened first, and replaced later.

const (
	// maxFormDelay is how long the making of a form may take. After that a waiting window is shown in its place,
	// because Slack lets a click open a window only for three seconds.
	maxFormDelay = 1200 * time.Millisecond

	// refreshWait is the delay before a window shows a conversation again, so that the engine has handled the click.
	refreshWait = time.Second

	// notShownTimeout bounds the message about a window that was not shown.
	notShownTimeout = 5 * time.Second

	// maxAnswerBytes bounds an answer to Slack, with a form or with the options of a menu. Larger ones get lost on the way.
	maxAnswerBytes = 20000
)

// replying is told who is writing a reply in a form: before the form is shown, and when it was closed without being
// submitted. Colleagues then see that somebody writes. at is when the form was made, by Parley's clock.
type replying interface {
	ReplyOpened(ctx context.Context, conversation bridge.ConversationID, user bridge.SurfaceUser, at time.Time) error
	ReplyClosed(ctx context.Context, conversation bridge.ConversationID, user bridge.SurfaceUser, at time.Time) error
}

// windows makes, opens and replaces windows. Its desk has the conversations and lists that they show.
type windows struct {
	*workspace

	desk     forms.Desk
	replying replying
	posts    *poster
	zone     *time.Location // for readers whose own zone isn't known
}

// buildModal makes the window that is to be shown.
type buildModal func(ctx context.Context) slackapi.ModalViewRequest

// formRequest says which form is to be opened, for whom, and where it was asked for.
type formRequest struct {
	verb bridge.Verb        // what the form is to do, for example VerbReply
	args bridge.Args        // what is known of it already
	at   bridge.Place       // where it was asked for
	user bridge.SurfaceUser // who asked for it: a Slack user id
	text string             // what stands in the form's long field at first
}

// recordReplyOpened records that somebody is about to see a reply's form, and makes Slack tell us when they close it.
func (w *windows) recordReplyOpened(ctx context.Context, modal *slackapi.ModalViewRequest, form view.Form, user bridge.SurfaceUser) {
	modal.NotifyOnClose = true
	if err := w.replying.ReplyOpened(ctx, form.Args.Conversation, user, form.At); err != nil {
		w.log.Info("slack form not noted as open", "error", err)
	}
}

// recordReplyClosed undoes recordReplyOpened. private is the window's data (blockkit.Remember).
func (w *windows) recordReplyClosed(ctx context.Context, private string, user bridge.SurfaceUser) {
	memory := blockkit.ReadMemory(private)
	_, args, err := verb.Pressed(memory.Verb, memory.Args)
	if err != nil || args.Conversation == 0 {
		return
	}
	if err := w.replying.ReplyClosed(ctx, args.Conversation, user, time.Unix(memory.At, 0)); err != nil {
		w.log.Info("slack form not noted as closed", "error", err)
	}
}

// handleClosed handles Slack's notice that somebody closed a reply's form without submitting it.
func (w *windows) handleClosed(ctx context.Context, in *interaction) {
	if in.View != nil {
		w.recordReplyClosed(ctx, in.View.Private, in.User.ID)
	}
}

// notShown is a window that Slack did not show.
type notShown struct {
	modal slackapi.ModalViewRequest
	typed string // what the person wrote into the form before it
	cause error
}

const (
	notShownText = "Slack didn’t show the window. Please try again."
	tooLateText  = "Slack didn’t show the window: it waits three seconds for it, and Parley took longer. Please try again."
)

// problem says to the person who pressed why there is no window.
func (n notShown) problem() *bridge.Problem {
	if refusal.CodeOf(n.cause) == "expired_trigger_id" {
		return &bridge.Problem{Text: tooLateText}
	}
	return &bridge.Problem{Text: notShownText}
}

// handleNotShown tells the person who pressed that there is no window, since Slack's client says nothing. The message
// repeats what they have typed.
func (w *windows) handleNotShown(ctx context.Context, self *fact.Self, in *interaction, n notShown) {
	w.log.Warn("slack form not opened", "error", n.cause)
	// What took too long may have used up the time of ctx.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), notShownTimeout)
	defer cancel()

	if n.modal.NotifyOnClose {
		w.recordReplyClosed(ctx, n.modal.PrivateMetadata, in.User.ID)
	}

	message := blockkit.Message{Text: self.Home.Words(view.Problem(n.problem(), n.typed))}
	if err := w.answerPrivately(ctx, in, renderedPart{Message: message}); err != nil {
		w.log.Info("slack form not told as not opened", "error", err)
	}
}

// answerPrivately sends a message that only the person who pressed sees, where they pressed.
func (w *windows) answerPrivately(ctx context.Context, in *interaction, part renderedPart) error {
	at := in.findPlace()
	if at.Channel == "" { // an entry of the menu beside the message box
		_, err := w.posts.sendDirectMessage(ctx, in.User.ID, part)
		return err
	}
	if at.Thread == "" && !in.Container.Private {
		at.Thread = at.Message // a button on the card, which begins the thread
	}
	_, err := w.posts.sendPrivately(ctx, at, in.User.ID, part)
	return err
}

// refresh shows the conversation's details again, after a button was pressed in a window.
func (w *windows) refresh(ctx context.Context, self *fact.Self, in *interaction, args bridge.Args) {
	if pause.For(ctx, refreshWait) {
		w.replace(ctx, in.View.ID, w.cardModal(ctx, self, in, view.OpensDetails, args))
	}
}

// replace shows a modal in the place of an open window.
func (w *windows) replace(ctx context.Context, open string, modal slackapi.ModalViewRequest) {
	if err := w.update(ctx, slackapi.View{ID: open}, modal); err != nil {
		w.log.Info("slack view not refreshed", "error", err)
	}
}

// update puts a modal in the place of an open window. If the window has a Hash, Slack refuses when it has changed since.
func (w *windows) update(ctx context.Context, open slackapi.View, modal slackapi.ModalViewRequest) error {
	const noExternalID = ""
	_, err := w.api.UpdateViewContext(ctx, modal, noExternalID, open.Hash, open.ID)
	return err
}

// formModal makes the window with a verb's form, or with the reason why there is none.
func (w *windows) formModal(ctx context.Context, self *fact.Self, f formRequest) slackapi.ModalViewRequest {
	modal, err := w.makeForm(ctx, self, f)
	if err != nil {
		return self.Home.Problem(err, f.at, f.text)
	}
	return modal
}

// makeForm makes the window with a verb's form.
// Errors: those of forms.Maker.
func (w *windows) makeForm(ctx context.Context, self *fact.Self, f formRequest) (slackapi.ModalViewRequest, error) {
	form, zone, err := w.newFormMaker().Form(ctx, f.verb, f.args, f.at, f.user, f.text)
	if err != nil {
		return slackapi.ModalViewRequest{}, err
	}
	modal := self.Home.Form(form, blockkit.Remember(f.at, zone, form, w.now()))
	if forms.IsReply(form) {
		w.recordReplyOpened(ctx, &modal, form, f.user)
	}
	return modal, nil
}

// cardModal makes the window with a conversation's details, its history or a list, or with the reason why there is none.
func (w *windows) cardModal(
	ctx context.Context, self *fact.Self, in *interaction, opens view.Opens, args bridge.Args,
) slackapi.ModalViewRequest {
	at := in.findPlace()
	card, err := w.newFormMaker().Window(ctx, opens, args, at, in.User.ID)
	if err != nil {
		return self.Home.Problem(err, at, "")
	}
	return self.Home.Window(card, at)
}

func (w *windows) newFormMaker() forms.Maker {
	return forms.Maker{Desk: w.desk, Now: w.now, Zone: w.zone}
}

// open makes and shows a window. After maxFormDelay, a waiting window is shown until it is ready.
func (w *windows) open(ctx context.Context, self *fact.Self, in *interaction, build buildModal) {
	made := make(chan slackapi.ModalViewRequest, 1)
	go func() { made <- build(ctx) }() // ends with ctx; every way out of here waits for it
	timer := time.NewTimer(maxFormDelay)
	defer timer.Stop()

	var modal slackapi.ModalViewRequest
	var err error
	select {
	case modal = <-made:
		_, err = w.showView(ctx, in, modal)
	case <-timer.C:
		var waiting slackapi.View
		waiting, err = w.showView(ctx, in, waitingModal(self, in.findPlace()))
		modal = <-made
		if err == nil {
			err = w.update(ctx, waiting, modal)
		}
	}

	if err != nil {
		w.handleNotShown(ctx, self, in, notShown{modal: modal, cause: err})
	}
}

func waitingModal(self *fact.Self, at bridge.Place) slackapi.ModalViewRequest {
	line := view.Block{Kind: view.BlockLine, Pieces: []view.Piece{{Kind: view.PieceText, Text: "Loading …"}}}
	return self.Home.Window(view.Card{Blocks: []view.Block{line}}, at)
}

// showView opens a modal, on top of the one in which somebody clicked, if there is one.
func (w *windows) showView(ctx context.Context, in *interaction, modal slackapi.ModalViewRequest) (slackapi.View, error) {
	show := w.api.OpenViewContext
	if in.View != nil {
		show = w.api.PushViewContext
	}
	answer, err := show(ctx, in.TriggerID, modal)
	if err != nil {
		return slackapi.View{}, err
	}
	if answer == nil || answer.View.ID == "" {
		return slackapi.View{}, refusal.ErrEmptyAnswer
	}
	return answer.View, nil
}

// suggestOptions returns the options of a long menu that match what somebody has typed into it.
func (w *windows) suggestOptions(ctx context.Context, in *interaction) (blockkit.Options, error) {
	if in.View == nil {
		return blockkit.NoOptions(), nil
	}

	memory := blockkit.ReadMemory(in.View.Private)
	name, args, err := verb.Pressed(memory.Verb, memory.Args)
	if err != nil {
		return blockkit.NoOptions(), nil
	}

	form, _, err := w.newFormMaker().Form(ctx, name, args, memory.Place, in.User.ID, "")
	if err != nil {
		return blockkit.NoOptions(), fmt.Errorf("slack: options: %w", err)
	}

	for _, field := range form.Fields {
		if blockkit.FieldID(field.Name) == in.BlockID {
			return blockkit.MatchOptions(field, in.Value, maxAnswerBytes), nil
		}
	}

	return blockkit.NoOptions(), nil
}
