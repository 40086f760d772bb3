package engine

import (
	"context"
	"errors"

	"parley/bridge"
	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// sendErased deletes a post from a chat of agents, because its customer's data is erased. The result is recorded
// in the transaction that writes the attempt's result (own.PostErased, or own.PostKept if the chat doesn't let us
// delete it). The erasure waits for that, and its certificate lists what could not be deleted.
func (a *postAttempt) sendErased(ctx context.Context, s bridge.Surface) (relay.Sent, error) {
	c := a.claim
	post := PayloadOf(&c.Delivery).Erases
	if post == nil {
		return relay.Sent{}, nil
	}

	at := post.Place
	at.Channel = a.engine.Directory().ChannelNow(c.AccountID, at.Channel)
	sent, err := s.Send(ctx, bridge.Post{
		Kind:       bridge.PostErased,
		DeliveryID: c.ID,
		Token:      partToken(c),
		Part:       c.Part,
		Attempt:    c.Attempt,
		Place:      at,
		To:         post.To,
		Was:        post.Kind,
		Hidden:     post.Hidden,
		Deleted:    post.Deleted,
		Progress:   c.Progress,
	})

	result := PostErased
	switch class := channels.ClassOf(err); {
	case err == nil && sent.More: // several posts: the next piece deletes the rest
		return relay.Sent{More: true, Progress: sent.Progress}, nil
	case err == nil && sent.Blind:
		result = PostKept // some posts of the thread may be left
	case err == nil, errors.Is(err, bridge.ErrMessageGone), errors.Is(err, bridge.ErrThreadLost):
	case errors.Is(err, bridge.ErrChannelClosed), class == channels.BadContent, class == channels.BadRecipient:
		result = PostKept
	default: // the error decides whether it is tried again
		return relay.Sent{Progress: sent.Progress}, err
	}

	return relay.Sent{Landed: []store.LandedPart{{Post: store.Post{
		AccountID:      c.AccountID,
		Channel:        post.Place.Channel,
		Message:        post.Place.Message,
		ConversationID: post.Conversation,
		MessageID:      post.Message,
		Kind:           string(post.Kind),
		Version:        result,
	}}}}, nil
}
