package slack

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	slackapi "github.com/slack-go/slack"

	"parley/bot/slack/blockkit"
	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
)

// A button or menu entry of ours carries a verb, which is the name of what it does, and arguments: for example, "snooze"
// and conversation 12 (blockkit.Click). A click takes one of two ways:
//   - It opens a window, Slack's dialog, with a form or a list. That changes nothing, so the click isn't stored.
//   - It requests an action. Then handleClick only stores it, as a fact, and Slack gets its response. Later the engine
//     calls decodeClick and performs the action.

// handleClick handles a click on a button or a menu entry. After it has stored a click, it refreshes the window in which
// the click was made, or deletes the private message.
func (r *responder) handleClick(ctx context.Context, self *Self, in *interaction, body []byte) (answer, error) {
	if len(in.Actions) == 0 || in.Actions[0].IsInput() {
		return answer{}, nil // a field of a form that is still open
	}

	click, err := readClick(in.Actions[0])
	if err != nil {
		return r.storeQuarantined(ctx, body, err.Error())
	}

	if click.Opens != view.OpensNothing && isStranger(self, in) {
		return r.openRefusal(self, in), nil
	}

	switch click.Opens {
	case view.OpensForm:
		return r.openForm(self, in, formRequest{verb: click.Verb, args: click.Args, at: in.findPlace(), user: in.User.ID}), nil
	case view.OpensList, view.OpensDetails, view.OpensHistory:
		return r.openCard(self, in, click), nil
	case view.OpensNothing: // the click requests an action
	}

	if err := r.store(ctx, self, KindInteraction, in.TriggerID, in.findPlace(), body); err != nil {
		return answer{}, err
	}
	if isStranger(self, in) {
		return answer{}, nil // the engine will ignore the click, so the window or message is still up to date
	}
	if in.View != nil && !in.View.IsHome() {
		return answer{after: func(ctx context.Context) { r.refresh(ctx, self, in, click.Args) }}, nil
	}
	if in.Container.Private && !verb.Of(click.Verb).Reads {
		return answer{after: func(ctx context.Context) { r.deletePrivateMessage(ctx, in) }}, nil
	}

	return answer{}, nil
}

// openCard returns an answer that shows a window with details, history or a list. In a home tab, a list is shown there. A list replaces
// the window in which the click was made, and so does another page of it, because Slack stacks at most three windows.
func (r *responder) openCard(self *Self, in *interaction, click blockkit.Click) answer {
	if in.View.IsHome() && click.Opens == view.OpensList {
		r.homes.show(in.User.ID, click.Args)
		return answer{}
	}
	build := func(ctx context.Context) slackapi.ModalViewRequest {
		return r.cardModal(ctx, self, in, click.Opens, click.Args)
	}
	replaces := click.Opens == view.OpensList || click.Args.Page > 0
	if in.View != nil && replaces {
		return answer{after: func(ctx context.Context) { r.replace(ctx, in.View.ID, build(ctx)) }}
	}
	return r.openWindow(self, in, build)
}

// deletePrivateMessage deletes a message that only one person sees, after one of its buttons was clicked, since it is
// out of date then. Failures are only logged.
func (r *responder) deletePrivateMessage(ctx context.Context, in *interaction) {
	address, err := url.Parse(in.AnswerURL)
	if err != nil || !r.isTrusted(address) {
		r.log.Warn("slack private message not taken away: its address isn't Slack's")
		return
	}
	err = slackapi.PostWebhookCustomHTTPContext(ctx, address.String(), r.http, &slackapi.WebhookMessage{DeleteOriginal: true})
	if withAddress, ok := errors.AsType[*url.Error](err); ok {
		err = withAddress.Err // drop the URL from the error, because it is a secret
	}
	if err != nil {
		r.log.Info("slack private message not taken away", "error", err)
	}
}

// decodeClick returns the action that a stored click requests. about has who clicked, and where; decodeClick adds the
// verb and its arguments.
// Errors: fact.ErrDecode.
func decodeClick(about bridge.Action, in *interaction) ([]bridge.Action, error) {
	if len(in.Actions) == 0 {
		return nil, fmt.Errorf("%w: no action", ErrDecode)
	}
	click, err := readClick(in.Actions[0])
	if err != nil {
		return nil, err
	}
	about.Origin = bridge.OriginButton
	about.Verb, about.Args = click.Verb, in.View.WithNote(click.Args)
	return []bridge.Action{about}, nil
}

// readClick reads what a click on one of our buttons or menu entries asks for.
// Errors: fact.ErrDecode.
func readClick(c blockkit.Control) (blockkit.Click, error) {
	click, err := c.ReadClick()
	if err != nil {
		return blockkit.Click{}, fmt.Errorf("%w: %w", ErrDecode, err)
	}
	return click, nil
}
