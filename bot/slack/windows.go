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

// recordReplyClosed records that the form of a reply was closed, or wasn't shown. private is the private data of the window; see
// blockkit.Remember.
func (r *responder) recordReplyClosed(ctx context.Context, private string, user bridge.SurfaceUser) {
	memory := blockkit.ReadMemory(private)
	_, args, err := verb.Pressed(memory.Verb, memory.Args)
	if err != nil || args.Conversation == 0 {
		return
	}
	if err := r.desk.ReplyClosed(ctx, args.Conversation, user, time.Unix(memory.At, 0)); err != nil {
		r.log.Info("slack form not noted as closed", "error", err)
	}
}

const tooLateText = "Slack didn’t show the window: it waits three seconds for it, and Parley took longer. Please try again."

// handleNotShown sends the person a message that a window was not shown, since Slack's client doesn't. The message repeats what they
// had typed into the previous form.
func (r *responder) handleNotShown(
	ctx context.Context, self *Self, in *interaction, modal slackapi.ModalViewRequest, typed string, cause error,
) {
	r.log.Warn("slack form not opened", "error", cause)
	// The delay that prevented the window may have exhausted the deadline of ctx.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), notShownTimeout)
	defer cancel()

	if modal.NotifyOnClose {
		r.recordReplyClosed(ctx, modal.PrivateMetadata, in.User.ID)
	}

	text := "Slack didn’t show the window. Please try again."
	if CodeOf(cause) == "expired_trigger_id" {
		text = tooLateText
	}
	message := blockkit.Message{Text: self.Home.Words(view.Problem(&bridge.Problem{Text: text}, typed))}
	if err := r.answerPrivately(ctx, in, renderedPart{Message: message}); err != nil {
		r.log.Info("slack form not told as not opened", "error", err)
	}
}

// answerPrivately sends a message that only the person who pressed the button sees, where they pressed it.
func (r *responder) answerPrivately(ctx context.Context, in *interaction, part renderedPart) error {
	at := in.findPlace()
	if at.Channel == "" { // the person used the menu next to the message box
		_, err := r.posts.sendDirectMessage(ctx, in.User.ID, part)
		return err
	}
	if at.Thread == "" && !in.Container.Private {
		at.Thread = at.Message // the button is on the card, which is the root of the thread
	}
	_, err := r.posts.sendPrivately(ctx, at, in.User.ID, part)
	return err
}

// refresh updates the conversation's details in a window after a button in it was pressed.
func (r *responder) refresh(ctx context.Context, self *Self, in *interaction, args bridge.Args) {
	if wire.For(ctx, refreshWait) {
		r.replace(ctx, in.View.ID, r.cardModal(ctx, self, in, view.OpensDetails, args))
	}
}

// replace replaces the contents of an open window, and logs a failure.
func (r *responder) replace(ctx context.Context, open string, modal slackapi.ModalViewRequest) {
	if err := r.update(ctx, slackapi.View{ID: open}, modal); err != nil {
		r.log.Info("slack view not refreshed", "error", err)
	}
}

// update replaces the contents of an open window. If open has a Hash, Slack refuses the update if the window has changed since.
func (r *responder) update(ctx context.Context, open slackapi.View, modal slackapi.ModalViewRequest) error {
	const noExternalID = ""
	_, err := r.api.UpdateViewContext(ctx, modal, noExternalID, open.Hash, open.ID)
	return err
}

// formModal returns the window with a verb's form, or with the reason why there is no form.
func (r *responder) formModal(ctx context.Context, self *Self, f formRequest) slackapi.ModalViewRequest {
	modal, err := r.makeForm(ctx, self, f)
	if err != nil {
		return self.Home.Problem(err, f.at, f.text)
	}
	return modal
}

// makeForm returns the window with a verb's form. Errors: those of forms.Maker.
func (r *responder) makeForm(ctx context.Context, self *Self, f formRequest) (slackapi.ModalViewRequest, error) {
	form, zone, err := r.newFormMaker().Form(ctx, f.verb, f.args, f.at, f.user, f.text)
	if err != nil {
		return slackapi.ModalViewRequest{}, err
	}
	modal := self.Home.Form(form, blockkit.Remember(f.at, zone, form, r.now()).Following(f.earlier))
	if forms.IsReply(form) {
		modal.NotifyOnClose = true // see recordReplyClosed
		if err := r.desk.ReplyOpened(ctx, form.Args.Conversation, f.user, form.At); err != nil {
			r.log.Info("slack form not noted as open", "error", err)
		}
	}
	return modal, nil
}

// cardModal returns the window with a conversation's details, its history or a list, or with the reason why it can't be shown.
func (r *responder) cardModal(
	ctx context.Context, self *Self, in *interaction, opens view.Opens, args bridge.Args,
) slackapi.ModalViewRequest {
	at := in.findPlace()
	card, err := r.newFormMaker().Window(ctx, opens, args, at, in.User.ID)
	if err != nil {
		return self.Home.Problem(err, at, "")
	}
	return self.Home.Window(card, at)
}

func (r *responder) newFormMaker() forms.Maker {
	return forms.Maker{Desk: r.desk, Now: r.now, Zone: r.zone}
}

// showWindow builds and shows a window. If that takes longer than maxFormDelay, it shows the loading window first.
func (r *responder) showWindow(ctx context.Context, self *Self, in *interaction, build buildModal) {
	built := make(chan slackapi.ModalViewRequest, 1)
	go func() { built <- build(ctx) }() // both cases below wait for it
	timer := time.NewTimer(maxFormDelay)
	defer timer.Stop()

	var modal slackapi.ModalViewRequest
	var err error
	select {
	case modal = <-built:
		_, err = r.showView(ctx, in, modal)
	case <-timer.C:
		var loading slackapi.View
		loading, err = r.showView(ctx, in, loadingModal(self, in.findPlace()))
		modal = <-built
		if err == nil {
			err = r.update(ctx, loading, modal)
		}
	}

	if err != nil {
		r.handleNotShown(ctx, self, in, modal, "", err)
	}
}

func loadingModal(self *Self, at bridge.Place) slackapi.ModalViewRequest {
	line := view.Block{Kind: view.BlockLine, Pieces: []view.Piece{{Kind: view.PieceText, Text: "Loading …"}}}
	return self.Home.Window(view.Card{Blocks: []view.Block{line}}, at)
}

// showView opens a window. If the click was in another window, the new one opens on top of it, or replaces it if there are
// as many windows as Slack stacks.
func (r *responder) showView(ctx context.Context, in *interaction, modal slackapi.ModalViewRequest) (slackapi.View, error) {
	show := r.api.OpenViewContext
	if in.View != nil && !in.View.IsHome() {
		show = r.api.PushViewContext
	}
	answer, err := show(ctx, in.TriggerID, modal)
	if CodeOf(err) == "push_limit_reached" {
		const noExternalID, anyHash = "", ""
		answer, err = r.api.UpdateViewContext(ctx, modal, noExternalID, anyHash, in.View.ID)
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
func (r *responder) suggestOptions(ctx context.Context, in *interaction) (blockkit.Options, error) {
	if in.View == nil {
		return blockkit.NoOptions(), nil
	}

	memory := blockkit.ReadMemory(in.View.Private)
	name, args, err := verb.Pressed(memory.Verb, memory.Args)
	if err != nil {
		return blockkit.NoOptions(), nil
	}

	form, _, err := r.newFormMaker().Form(ctx, name, args, memory.Place, in.User.ID, "")
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
