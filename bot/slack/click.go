package slack

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	slackapi "github.com/slack-go/slack"

	"parley/bot/slack/blockkit"
	"parley/bot/slack/fact"
	"parley/bot/view"
	"parley/bridge"
)

// pressed handles a button or menu entry.
func (r *responder) pressed(ctx context.Context, me *fact.Self, in *interaction, body []byte) (answer, error) {
	if len(in.Actions) == 0 || in.Actions[0].IsInput() {
		return answer{}, nil // a field of an open form
	}
	verb, opens, args, err := clicked(in.Actions[0])
	if err != nil {
		return answer{}, r.journal.Accept(ctx, fact.Quarantined(body, err.Error()))
	}
	at, user := in.place(), in.User.ID
	switch opens {
	case view.OpensForm:
		return answer{after: func(ctx context.Context) {
			r.windows.open(ctx, me, in, func(ctx context.Context) slackapi.ModalViewRequest {
				return r.windows.formModal(ctx, me, verb, args, at, user, "")
			})
		}}, nil
	case view.OpensList, view.OpensDetails, view.OpensHistory:
		if in.View != nil && (opens == view.OpensList || args.Page > 0) { // a page follows another: Slack puts no more than three windows on top of each other
			return answer{after: func(ctx context.Context) {
				r.windows.replace(ctx, in, r.windows.cardModal(ctx, me, opens, args, at, user))
			}}, nil
		}
		return answer{after: func(ctx context.Context) {
			r.windows.open(ctx, me, in, func(ctx context.Context) slackapi.ModalViewRequest {
				return r.windows.cardModal(ctx, me, opens, args, at, user)
			})
		}}, nil
	case view.OpensNothing:
	}
	if err := r.store(ctx, me, fact.KindInteraction, in.TriggerID, at, body); err != nil {
		return answer{}, err
	}
	switch {
	case in.View != nil:
		return answer{after: func(ctx context.Context) { r.windows.refresh(ctx, me, in, args, at, user) }}, nil
	case in.Container.Private && !verb.Reads():
		return answer{after: func(ctx context.Context) { r.takeAway(ctx, in) }}, nil
	}
	return answer{}, nil
}

// takeAway deletes a private message after one of its buttons was pressed: what it says is out of date
// then, and a private message can't be changed later.
func (r *responder) takeAway(ctx context.Context, in *interaction) {
	u, err := url.Parse(in.AnswerURL)
	if err != nil || !r.ownHost(u) {
		return
	}
	err = slackapi.PostWebhookCustomHTTPContext(ctx, u.String(), r.http, &slackapi.WebhookMessage{DeleteOriginal: true})
	if named := (*url.Error)(nil); errors.As(err, &named) {
		err = named.Err // the text of the outer error has the address, which is a secret
	}
	if err != nil {
		r.log.Info("slack private message not taken away", "error", err)
	}
}

// decodeClick reads a stored click: what pressed has stored. about says who clicked, and where.
func decodeClick(about bridge.Action, pressed []blockkit.Control) ([]bridge.Action, error) {
	if len(pressed) == 0 {
		return nil, fmt.Errorf("%w: no action", fact.ErrDecode)
	}
	var err error
	about.Origin = bridge.OriginButton
	about.Verb, _, about.Args, err = clicked(pressed[0])
	return []bridge.Action{about}, err
}

// clicked reads one of our buttons or menu entries.
// Errors: fact.ErrDecode.
func clicked(c blockkit.Control) (bridge.Verb, view.Opens, bridge.Args, error) {
	v, opens, args, err := c.Clicked()
	if err != nil {
		err = fmt.Errorf("%w: %w", fact.ErrDecode, err)
	}
	return v, opens, args, err
}
