package slack

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	slackapi "github.com/slack-go/slack"

	"parley/bot/slack/blockkit"
	"parley/bot/slack/fact"
	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
)

// Buttons and menu entries on our cards carry a verb with its arguments, for example "snooze conversation 12"
// (blockkit.Click). Some open a window and change nothing. The others are actions: the click is stored as a fact, and
// decodeClick reads it again when the engine handles it.

// handleClick handles a click on a button or a menu entry. If it opens a window, nothing is stored. Otherwise the
// click is stored, and the window in which it was clicked is refreshed afterwards, or the private message deleted.
func (r *responder) handleClick(ctx context.Context, self *fact.Self, in *interaction, body []byte) (answer, error) {
	if len(in.Actions) == 0 || in.Actions[0].IsInput() {
		return answer{}, nil // a field of an open form
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
	case view.OpensNothing: // it is stored
	}

	if err := r.store(ctx, self, fact.KindInteraction, in.TriggerID, in.findPlace(), body); err != nil {
		return answer{}, err
	}
	if isStranger(self, in) {
		return answer{}, nil // the engine ignores the click, so what was clicked in is still up to date
	}
	if in.View != nil {
		return answer{after: func(ctx context.Context) { r.windows.refresh(ctx, self, in, click.Args) }}, nil
	}
	if in.Container.Private && !verb.Of(click.Verb).Reads {
		return answer{after: func(ctx context.Context) { r.deletePrivateMessage(ctx, in) }}, nil
	}

	return answer{}, nil
}

// openCard returns the answer after which a window with details, history or a list is shown. A further page replaces
// the page before, and a list replaces the window with its button, because Slack stacks no more than three windows.
func (r *responder) openCard(self *fact.Self, in *interaction, click blockkit.Click) answer {
	build := func(ctx context.Context) slackapi.ModalViewRequest {
		return r.windows.cardModal(ctx, self, in, click.Opens, click.Args)
	}
	inPlace := click.Opens == view.OpensList || click.Args.Page > 0
	if in.View != nil && inPlace {
		return answer{after: func(ctx context.Context) { r.windows.replace(ctx, in.View.ID, build(ctx)) }}
	}
	return r.openWindow(self, in, build)
}

// deletePrivateMessage deletes a private message after one of its buttons was pressed. It is out of date then.
func (r *responder) deletePrivateMessage(ctx context.Context, in *interaction) {
	address, err := url.Parse(in.AnswerURL)
	if err != nil || !r.isTrusted(address) {
		r.log.Warn("slack private message not taken away: its address isn't Slack's")
		return
	}
	err = slackapi.PostWebhookCustomHTTPContext(ctx, address.String(), r.http, &slackapi.WebhookMessage{DeleteOriginal: true})
	if withAddress, ok := errors.AsType[*url.Error](err); ok {
		err = withAddress.Err // the text of the outer error has the address, which is a secret
	}
	if err != nil {
		r.log.Info("slack private message not taken away", "error", err)
	}
}

// decodeClick reads a click that handleClick has stored. about says who clicked, and where.
func decodeClick(about bridge.Action, in *interaction) ([]bridge.Action, error) {
	if len(in.Actions) == 0 {
		return nil, fmt.Errorf("%w: no action", fact.ErrDecode)
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
		return blockkit.Click{}, fmt.Errorf("%w: %w", fact.ErrDecode, err)
	}
	return click, nil
}
