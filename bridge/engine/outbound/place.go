package outbound

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"parley/bridge"
	"parley/bridge/engine/directory"
	"parley/channels"
	"parley/store"
)

// This file decides where a post goes. A conversation has a thread in a chat such as Slack, which begins with the root, its
// first message. It may be handed over to another team, and so go on in another channel or chat: posts that were queued before
// may be for a thread that it has left.

// placeChange points a line at the earlier line that it replaces. If that one could not be posted, the new one is a line of its own.
// Errors: Retry while the earlier line is still to be posted; ErrMessageGone when it is no longer known.
func (a *attempt) placeChange(delivery store.DeliveryID, p *bridge.Post) error {
	at, known := a.changes[delivery]
	if !known {
		return &channels.SendError{Class: channels.BadContent, Text: "The line that it changes is known no more.", Cause: bridge.ErrMessageGone}
	}
	if at.Coming {
		return &channels.SendError{Class: channels.Retry, Wait: rootRetry, Text: "The line that it changes is not posted yet."}
	}
	p.Place.Message = at.Message
	if at.Channel != "" { // the conversation may have left that thread since
		p.Place.Channel = a.e.opt.Engine.Directory().ChannelNow(a.c.AccountID, at.Channel)
		p.Place.Thread = at.Thread
	}
	return nil
}

// placeInThread puts a post into the conversation's thread, and returns the thread.
// Errors: Retry while there is no thread, or while its root is not posted.
func (a *attempt) placeInThread(p *bridge.Post) (*store.Thread, error) {
	t := a.threads.At(a.c.AccountID, a.c.ConversationID)
	if t == nil {
		return nil, Retry(errors.New("outbound: the conversation has no thread here"))
	}

	p.Place.Channel = cmp.Or(p.Place.Channel, t.Channel)
	if p.Kind == bridge.PostRoot {
		if there, channel := a.home(); there == a.c.AccountID { // the team may have got another channel since the root was queued
			p.Place.Channel = channel
		}
		return t, nil
	}
	if t.Root == "" {
		return nil, &channels.SendError{Class: channels.Retry, Wait: rootRetry, Text: "The thread is not open yet."}
	}

	switch p.Kind {
	case bridge.PostDouble: // it names its place itself
	case bridge.PostCard:
		p.Place.Message = cmp.Or(p.Place.Message, t.Root)
		p.Unsure = t.Doubt != "" && !a.body.Left
	default:
		p.Place.Thread = cmp.Or(p.Place.Thread, t.Root)
	}

	return t, nil
}

// home returns where a thread of the delivery's conversation would open now. surface is 0 if that isn't known.
func (a *attempt) home() (surface store.AccountID, channel string) {
	conv := a.conversations[a.c.ConversationID]
	if conv == nil {
		return 0, ""
	}
	dir := a.e.opt.Engine.Directory()
	account := dir.Account(conv.AccountID)
	if account == nil {
		return 0, ""
	}
	return dir.Home(account, conv.TeamID)
}

// queuedFor returns the channel for which a root was queued, and in which earlier attempts may have posted it.
func queuedFor(a *attempt, t *store.Thread) string {
	return a.e.opt.Engine.Directory().ChannelNow(a.c.AccountID, cmp.Or(a.body.Place.Channel, t.Channel))
}

// pointToNewThread makes a post in a thread that the conversation has left show where it goes on.
func (a *attempt) pointToNewThread(dir *directory.Directory, p *bridge.Post) {
	p.Facts.Thread.Left = a.body.Left
	p.Facts.Thread.Secluded = a.isOutsideOwnChannel(p.Place)
	there := a.otherHome()
	canShowIt := a.body.Left || p.Kind == bridge.PostCard || p.Kind == bridge.PostRoot
	if there == 0 || !canShowIt {
		return
	}

	p.Facts.Thread.Left = true
	p.Facts.Thread.Root = bridge.Place{}
	p.Facts.Thread.Elsewhere = a.e.opt.Engine.SurfaceName(dir, there)
}

// isOutsideOwnChannel reports whether the delivery's conversation belongs to an account with a channel of its own, and a place is
// outside of that channel.
func (a *attempt) isOutsideOwnChannel(at bridge.Place) bool {
	conv := a.conversations[a.c.ConversationID]
	if conv == nil {
		return false
	}
	dir := a.e.opt.Engine.Directory()
	account := dir.Account(conv.AccountID)
	return account != nil && dir.IsOutsideOwnChannel(account, a.c.AccountID, at.Channel)
}

// relatedIn returns the related conversations that a post in a place may name. Outside of the account's own channel, the other
// open ones of the customer are left out unless their threads are in the same channel: people there may not read them.
func relatedIn(a *attempt, at bridge.Place) []store.Related {
	if !a.isOutsideOwnChannel(at) {
		return a.related
	}
	return slices.DeleteFunc(slices.Clone(a.related), func(o store.Related) bool {
		isThere := o.AccountID != nil && *o.AccountID == a.c.AccountID && a.dir.ChannelNow(a.c.AccountID, *o.Channel) == at.Channel
		return !o.Follows && !isThere
	})
}

// otherHome returns the chat in which the delivery's conversation is worked on now, if that isn't the delivery's own. Otherwise it
// returns 0.
func (a *attempt) otherHome() store.AccountID {
	conv := a.conversations[a.c.ConversationID]
	if conv == nil {
		return 0
	}
	t := a.threads.Home(a.e.opt.Engine.Directory(), conv)
	if t == nil || t.AccountID == a.c.AccountID {
		return 0
	}
	return t.AccountID
}

// isInLeftThread reports whether a post goes to a thread that the conversation has left: one that says so, the change of a line
// that stands there, or the card in a chat that the conversation has left.
func (a *attempt) isInLeftThread(p bridge.Post, t *store.Thread) bool {
	isChangeElsewhere := a.body.Changes != 0 && t != nil && p.Place.Thread != t.Root
	isCardElsewhere := p.Kind == bridge.PostCard && a.otherHome() != 0
	return a.body.Left || isChangeElsewhere || isCardElsewhere
}

// isMarkElsewhere reports whether a post is a mark on a message that isn't in the conversation's own thread.
func (a *attempt) isMarkElsewhere(p bridge.Post, t *store.Thread) bool {
	isElsewhere := t != nil && p.Place.Thread != t.Root
	return p.Kind == bridge.PostMark && (isElsewhere || a.otherHome() != 0)
}

// isForUnopened reports whether a post belongs into a thread that never opened, in a chat that its conversation has left. It is
// false for a root, which may open the thread, and for an erasure, which removes what may stand there in spite of that.
func isForUnopened(a *attempt) bool {
	kind := bridge.PostKind(a.c.Kind)
	if kind == bridge.PostRoot || kind == bridge.PostErased {
		return false
	}
	t := a.threads.At(a.c.AccountID, a.c.ConversationID)
	return t != nil && t.Root == "" && a.otherHome() != 0
}

// GoesOnElsewhere is the hint of a post that has failed for good only because its conversation has left the chat. If the
// conversation is back by the time the failure is applied, the post is made there after all.
const GoesOnElsewhere = "The conversation goes on in another chat."

// leaveUnposted returns what an attempt that failed with err reports:
//   - err, so that the post is tried again, unless it is for a chat that was left (isForOtherChat);
//   - for a customer's words, a failure for good: they are posted where the conversation goes on;
//   - nil for all other posts, which nobody misses.
func (a *attempt) leaveUnposted(err error) error {
	if !isForOtherChat(a) {
		return err
	}
	if !ShowsSaid(&a.c.Delivery) {
		return nil
	}
	return &channels.SendError{Class: channels.BadContent, Text: "The chat that was left takes no posts.", Hint: GoesOnElsewhere, Cause: err}
}

// isForOtherChat reports whether a post is given up because its conversation has left the chat, and words of the customer may
// wait behind it. Given up are roots, customers' words and files, all posts into a thread that never opened, and other lines,
// once the chat is connected or has been tried for long. A card in its own lane is tried on, because what it still shows may
// be wrong there; so are erasures.
func isForOtherChat(a *attempt) bool {
	if a.otherHome() == 0 {
		return false
	}

	t := a.threads.At(a.c.AccountID, a.c.ConversationID)
	isUnopened := t != nil && t.Root == ""
	switch bridge.PostKind(a.c.Kind) {
	case bridge.PostErased:
		return false
	case bridge.PostRoot, bridge.PostSaid, bridge.PostFiles:
		return true
	case bridge.PostLine, bridge.PostCard:
		isOfCardLane := strings.HasSuffix(a.c.Key, ":"+CardLane)
		isConnected := a.e.opt.Engine.Surface(a.c.AccountID) != nil
		isTried := isConnected || store.Seconds(a.c.FirstAgo) > maxBestEffort
		return isUnopened || ShowsSaid(&a.c.Delivery) || isTried && !isOfCardLane
	default:
		return isUnopened
	}
}

// isOutdated reports whether a post of a hand-over is wrong by now, because the conversation was handed on or back before it
// could be posted:
//   - a root in a chat that isn't the right one any more, or in a channel in which the thread is already;
//   - a line that says that the conversation has left a thread in which it is again.
func (a *attempt) isOutdated(p bridge.Post, t *store.Thread) bool {
	there, channel := a.home()
	if there == 0 || t == nil {
		return false
	}

	isFurtherRoot := p.Kind == bridge.PostRoot && t.Root != "" // without any root, nobody would see what waits behind this one
	if isFurtherRoot && a.body.Place.Channel != "" {
		isThreadThere := a.e.opt.Engine.Directory().ChannelNow(there, t.Channel) == channel
		return there != a.c.AccountID || isThreadThere
	}
	if a.body.Left && there == a.c.AccountID {
		return t.Root == cmp.Or(p.Place.Message, p.Place.Thread)
	}
	return false
}
