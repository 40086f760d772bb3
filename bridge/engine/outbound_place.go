package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// This file decides where a post goes. A conversation has a thread in a chat of agents, such as Slack, which
// begins with the root, its first message (the card). For example, a customer's message is posted below the root
// in the team's channel; if the root isn't posted yet, the post waits. See left_thread.go for posts to a thread
// that the conversation has left.

// placeOf sets the place of a post. It returns the conversation's thread, or nil for a post of a question aside.
// Errors: Retry while the thread's first message is not posted; ErrMessageGone if it never was.
func (a *postAttempt) placeOf(ctx context.Context, p *bridge.Post) (*store.Thread, error) {
	switch {
	case a.body.Aside && strings.HasPrefix(p.Place.Channel, "#"):
		id, err := a.engine.Surface(a.claim.AccountID).Resolve(ctx, p.Place.Channel)
		if err != nil {
			return nil, Retry(err)
		}
		if id == "" {
			return nil, errAside(fmt.Errorf("outbound: no channel %s", p.Place.Channel))
		}
		p.Place.Channel = id
	case a.body.Aside:
	case a.body.Below != 0:
		if err := a.placeChange(a.body.Below, p); err != nil {
			return nil, err
		}
		if p.Place.Message = ""; p.Place.Thread == "" {
			return nil, bridge.ErrMessageGone
		}
	default:
		return a.placeInThread(p)
	}
	return nil, nil
}

// errAside is the failure of a question aside that can't be posted where it was to be.
func errAside(cause error) error {
	return &channels.SendError{
		Class: channels.BadContent, Cause: cause,
		Text: "There is no such channel, or Parley isn't in it.", Hint: "Invite Parley there, and ask again.",
	}
}

// placeInThread sets the place of a post in the conversation's thread, and returns the thread. Errors: Retry
// while there is no thread, or while its root is not posted.
func (a *postAttempt) placeInThread(p *bridge.Post) (*store.Thread, error) {
	t := a.threads.ThreadIn(a.claim.AccountID, a.claim.ConversationID)
	if t == nil {
		return nil, Retry(errors.New("outbound: the conversation has no thread here"))
	}

	p.Place.Channel = cmp.Or(p.Place.Channel, t.Channel)
	if p.Kind == bridge.PostRoot {
		// The team may have got another channel since the root was queued.
		if homeSurface, channel := a.home(); homeSurface == a.claim.AccountID {
			p.Place.Channel = channel
		}
		return t, nil
	}
	if t.Root == "" {
		return nil, &channels.SendError{Class: channels.Retry, Wait: rootRetry, Text: "The thread is not open yet."}
	}

	switch p.Kind {
	case bridge.PostDouble: // its payload has the place
	case bridge.PostCard:
		p.Place.Message = cmp.Or(p.Place.Message, t.Root)
		p.Unsure = t.Doubt != "" && !a.body.Left
	default:
		p.Place.Thread = cmp.Or(p.Place.Thread, t.Root)
	}

	return t, nil
}

// placeChange sets the place of a post that changes an earlier line to that line's. If the earlier line could not
// be posted, the post becomes a new line. Errors: Retry while the earlier line is not posted yet; ErrMessageGone
// if it is no longer known.
func (a *postAttempt) placeChange(delivery store.DeliveryID, p *bridge.Post) error {
	at, known := a.changes[delivery]
	if !known {
		return &channels.SendError{
			Class: channels.BadContent,
			Text:  "The line that it changes is known no more.",
			Cause: bridge.ErrMessageGone,
		}
	}
	if at.Coming {
		return &channels.SendError{
			Class: channels.Retry,
			Wait:  rootRetry,
			Text:  "The line that it changes is not posted yet.",
		}
	}
	p.Place.Message = at.Message
	if at.Channel != "" { // the conversation may have left that thread since
		p.Place.Channel = a.engine.Directory().ChannelNow(a.claim.AccountID, at.Channel)
		p.Place.Thread = at.Thread
	}
	return nil
}

// home returns the chat and channel in which a new thread of the delivery's conversation would open now. surface
// is 0 if unknown.
func (a *postAttempt) home() (surface store.AccountID, channel string) {
	conv := a.conversations[a.claim.ConversationID]
	if conv == nil {
		return 0, ""
	}
	dir := a.engine.Directory()
	account := dir.Account(conv.AccountID)
	if account == nil {
		return 0, ""
	}
	return dir.HomeOf(account, conv)
}

// pointToNewThread makes a post in a thread that the conversation has left show where the conversation goes on.
func (a *postAttempt) pointToNewThread(dir *Directory, p *bridge.Post) {
	p.Facts.Thread.Left = a.body.Left
	p.Facts.Thread.Secluded = a.isOutsideOwnChannel(p.Place)
	homeSurface := a.otherHome()
	showsPlace := a.body.Left || p.Kind == bridge.PostCard || p.Kind == bridge.PostRoot
	if homeSurface == 0 || !showsPlace {
		return
	}

	p.Facts.Thread.Left = true
	p.Facts.Thread.Root = bridge.Place{}
	p.Facts.Thread.Elsewhere = a.engine.SurfaceName(dir, homeSurface)
}

// isOutsideOwnChannel reports whether the conversation or its account has a channel of its own, and a place is outside
// of it.
func (a *postAttempt) isOutsideOwnChannel(at bridge.Place) bool {
	conv := a.conversations[a.claim.ConversationID]
	if conv == nil {
		return false
	}
	dir := a.engine.Directory()
	account := dir.Account(conv.AccountID)
	return account != nil && dir.IsOutsideOwnChannel(account, conv, a.claim.AccountID, at.Channel)
}

// relatedIn returns the related conversations that a post in a place may show. Outside of the account's own
// channel it leaves out the customer's other open conversations, unless their threads are in the same channel:
// people there may not be allowed to read them.
func (a *postAttempt) relatedIn(at bridge.Place) []store.Related {
	if !a.isOutsideOwnChannel(at) {
		return a.related
	}
	isInSameChannel := func(other store.Related) bool {
		isInSameChat := other.AccountID != nil && *other.AccountID == a.claim.AccountID
		return isInSameChat && a.dir.ChannelNow(a.claim.AccountID, *other.Channel) == at.Channel
	}
	return slices.DeleteFunc(slices.Clone(a.related), func(other store.Related) bool {
		return !other.Follows && !isInSameChannel(other)
	})
}
