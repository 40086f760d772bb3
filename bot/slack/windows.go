package slack

import (
	"context"
	"fmt"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/forms"
	"parley/bot/slack/blockkit"
	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels/wire"
)

// A window is a form or card that Slack shows on top of its page; Slack calls it a modal or view. Each click comes with a trigger
// id, with which a window can be opened within three seconds. If building the window takes too long, this file opens one
// that says "Loading …" first, and replaces its contents later. If Slack refuses the window, the person gets a message.

const (
	// maxFormDelay is how long building a form may take before the loading window is shown instead.
	maxFormDelay = 1200 * time.Millisecond

	// refreshWait is the delay before a window shows the conversation after a click, so that the engine can handle the
	// click first.
	refreshWait = time.Second

	// notShownTimeout limits the time to send the message about a window that was not shown.
	notShownTimeout = 5 * time.Second

	// maxAnswerBytes limits an answer to Slack that contains a form or the options of a menu. Slack drops larger ones.
	maxAnswerBytes = 20000
)

// replying records who is writing a reply in a form, so that colleagues can see it: ReplyOpened is called before the form is
// shown, and ReplyClosed when it was closed without being submitted. at is when the form was built, by Parley's clock.
type replying interface {
	ReplyOpened(ctx context.Context, conversation bridge.ConversationID, user bridge.SurfaceUser, at time.Time) error
	ReplyClosed(ctx context.Context, conversation bridge.ConversationID, user bridge.SurfaceUser, at time.Time) error
}

// windows builds, opens and replaces windows.
type windows struct {
	*workspace

	desk     forms.Desk // provides the conversations and lists that windows show
	replying replying
	posts    *poster
	zone     *time.Location // time zone for people whose own is unknown
}

// buildModal builds a window.
type buildModal func(ctx context.Context) slackapi.ModalViewRequest

// formRequest says which form to open, for whom, and where.
type formRequest struct {
	verb bridge.Verb        // what the form does, such as VerbReply
	args bridge.Args        // arguments that are already known
	at   bridge.Place       // the channel and thread of the click or command
	user bridge.SurfaceUser // the Slack user who gets the form
	text string             // initial text of the form's long field

	earlier view.Memory // that of the form which this one follows; the zero value if it follows none
}

// recordReplyOpened records that a person is about to see the form of a reply, and asks Slack for a notice when it is closed.
func (w *windows) recordReplyOpened(ctx context.Context, modal *slackapi.ModalViewRequest, form view.Form, user bridge.SurfaceUser) {
	modal.NotifyOnClose = true
	if err := w.replying.ReplyOpened(ctx, form.Args.Conversation, user, form.At); err != nil {
		w.log.Info("slack form not noted as open", "error", err)
	}
}

// recordReplyClosed undoes recordReplyOpened. private is the private data of the window; see blockkit.Remember.
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
	typed string // what the person had entered into the previous form
	cause error
}

const (
	notShownText = "Slack didn’t show the window. Please try again."
	tooLateText  = "Slack didn’t show the window: it waits three seconds for it, and Parley took longer. Please try again."
)

// problem returns the explanation for the person who pressed the button.
func (n notShown) problem() *bridge.Problem {
	if CodeOf(n.cause) == "expired_trigger_id" {
		return &bridge.Problem{Text: tooLateText}
	}
	return &bridge.Problem{Text: notShownText}
}

// handleNotShown sends the person a message that the window was not shown, since Slack's client doesn't. The message repeats
// what they had typed.
func (w *windows) handleNotShown(ctx context.Context, self *Self, in *interaction, n notShown) {
	w.log.Warn("slack form not opened", "error", n.cause)
	// The delay that prevented the window may have exhausted the deadline of ctx.
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

// answerPrivately sends a message that only the person who pressed the button sees, where they pressed it.
func (w *windows) answerPrivately(ctx context.Context, in *interaction, part renderedPart) error {
	at := in.findPlace()
	if at.Channel == "" { // the person used the menu next to the message box
		_, err := w.posts.sendDirectMessage(ctx, in.User.ID, part)
		return err
	}
	if at.Thread == "" && !in.Container.Private {
		at.Thread = at.Message // the button is on the card, which is the root of the thread
	}
	_, err := w.posts.sendPrivately(ctx, at, in.User.ID, part)
	return err
}

// refresh updates the conversation's details in a window after a button in it was pressed.
func (w *windows) refresh(ctx context.Context, self *Self, in *interaction, args bridge.Args) {
	if wire.For(ctx, refreshWait) {
		w.replace(ctx, in.View.ID, w.cardModal(ctx, self, in, view.OpensDetails, args))
	}
}

// replace replaces the contents of an open window, and logs a failure.
func (w *windows) replace(ctx context.Context, open string, modal slackapi.ModalViewRequest) {
	if err := w.update(ctx, slackapi.View{ID: open}, modal); err != nil {
		w.log.Info("slack view not refreshed", "error", err)
	}
}

// update replaces the contents of an open window. If open has a Hash, Slack refuses the update if the window has changed since.
func (w *windows) update(ctx context.Context, open slackapi.View, modal slackapi.ModalViewRequest) error {
	const noExternalID = ""
	_, err := w.api.UpdateViewContext(ctx, modal, noExternalID, open.Hash, open.ID)
	return err
}

// formModal returns the window with a verb's form, or with the reason why there is no form.
func (w *windows) formModal(ctx context.Context, self *Self, f formRequest) slackapi.ModalViewRequest {
	modal, err := w.makeForm(ctx, self, f)
	if err != nil {
		return self.Home.Problem(err, f.at, f.text)
	}
	return modal
}

// makeForm returns the window with a verb's form. Errors: those of forms.Maker.
func (w *windows) makeForm(ctx context.Context, self *Self, f formRequest) (slackapi.ModalViewRequest, error) {
	form, zone, err := w.newFormMaker().Form(ctx, f.verb, f.args, f.at, f.user, f.text)
	if err != nil {
		return slackapi.ModalViewRequest{}, err
	}
	modal := self.Home.Form(form, blockkit.Remember(f.at, zone, form, w.now()).Following(f.earlier))
	if forms.IsReply(form) {
		w.recordReplyOpened(ctx, &modal, form, f.user)
	}
	return modal, nil
}

// cardModal returns the window with a conversation's details, its history or a list, or with the reason why it can't be shown.
func (w *windows) cardModal(
	ctx context.Context, self *Self, in *interaction, opens view.Opens, args bridge.Args,
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

// open builds and shows a window. If that takes longer than maxFormDelay, it shows the loading window first.
func (w *windows) open(ctx context.Context, self *Self, in *interaction, build buildModal) {
	built := make(chan slackapi.ModalViewRequest, 1)
	go func() { built <- build(ctx) }() // both cases below wait for it
	timer := time.NewTimer(maxFormDelay)
	defer timer.Stop()

	var modal slackapi.ModalViewRequest
	var err error
	select {
	case modal = <-built:
		_, err = w.showView(ctx, in, modal)
	case <-timer.C:
		var loading slackapi.View
		loading, err = w.showView(ctx, in, loadingModal(self, in.findPlace()))
		modal = <-built
		if err == nil {
			err = w.update(ctx, loading, modal)
		}
	}

	if err != nil {
		w.handleNotShown(ctx, self, in, notShown{modal: modal, cause: err})
	}
}

func loadingModal(self *Self, at bridge.Place) slackapi.ModalViewRequest {
	line := view.Block{Kind: view.BlockLine, Pieces: []view.Piece{{Kind: view.PieceText, Text: "Loading …"}}}
	return self.Home.Window(view.Card{Blocks: []view.Block{line}}, at)
}

// showView opens a window. If the click was in another window, the new one opens on top of it, or replaces it if there are
// as many windows as Slack stacks.
func (w *windows) showView(ctx context.Context, in *interaction, modal slackapi.ModalViewRequest) (slackapi.View, error) {
	show := w.api.OpenViewContext
	if in.View != nil && !in.View.IsHome() {
		show = w.api.PushViewContext
	}
	answer, err := show(ctx, in.TriggerID, modal)
	if CodeOf(err) == "push_limit_reached" {
		const noExternalID, anyHash = "", ""
		answer, err = w.api.UpdateViewContext(ctx, modal, noExternalID, anyHash, in.View.ID)
	}
	if err != nil {
		return slackapi.View{}, err
	}
	if answer == nil || answer.View.ID == "" {
		return slackapi.View{}, ErrEmptyAnswer
	}
	return answer.View, nil
}

// suggestOptions returns the options of a long menu that match the text typed into it.
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
