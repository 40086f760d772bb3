package outbound

import (
	"context"
	"errors"

	"parley/bridge"
	"parley/bridge/engine/own"
	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
	"parley/store/dispatch"
)

// sendErased takes a post out of a chat. What became of it is noted with the post in the commit of the attempt's
// result: the erasure waits for that, and names in its certificate what the chat doesn't let us take away.
func (a *attempt) sendErased(ctx context.Context, s bridge.Surface) (relay.Sent, error) {
	c := a.c
	one := PayloadOf(&c.Delivery).Erases
	if one == nil {
		return relay.Sent{}, nil
	}
	at := one.Place
	at.Channel = a.e.opt.Engine.Directory().ChannelNow(c.AccountID, at.Channel)
	sent, err := s.Send(ctx, bridge.Post{Kind: bridge.PostErased, DeliveryID: c.ID, Token: token(c), Part: c.Part, Attempt: c.Attempt,
		Place: at, To: one.To, Was: one.Kind, Progress: c.Progress})
	became := own.PostErased
	switch class := channels.ClassOf(err); {
	case err == nil && sent.More:
		return relay.Sent{More: true, Progress: sent.Progress}, nil
	case err == nil && sent.Blind:
		became = own.PostKept // some posts of the thread may be left
	case err == nil, errors.Is(err, bridge.ErrMessageGone), errors.Is(err, bridge.ErrThreadLost):
	case errors.Is(err, bridge.ErrChannelClosed), class == channels.BadContent, class == channels.BadRecipient:
		became = own.PostKept
	default:
		return relay.Sent{Progress: sent.Progress}, err
	}
	return relay.Sent{Landed: []dispatch.Landed{{Post: store.Post{AccountID: c.AccountID, Channel: one.Place.Channel, Message: one.Place.Message,
		ConversationID: one.Conversation, MessageID: one.Message, Kind: string(one.Kind), Version: became}}}}, nil
}
