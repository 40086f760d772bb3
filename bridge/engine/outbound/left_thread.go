package outbound

import (
	"cmp"
	"strings"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// A conversation that is handed over to another team may leave its thread, and go on in another channel or in another chat. Posts
// that were queued before may still be for the old place. For example, conversation #12 goes from a team in Slack to one in Teams
// while Slack can't be reached: a customer's words that wait for Slack are posted in Teams, the root in Slack is given up, and the
// card there is tried on until it says where the conversation is.

// otherHome returns the chat in which the delivery's conversation is worked on now, if that isn't the delivery's own. Otherwise it
// returns 0.
func (a *postAttempt) otherHome() store.AccountID {
	conv := a.conversations[a.claim.ConversationID]
	if conv == nil {
		return 0
	}
	t := a.threads.Home(a.engine.Directory(), conv)
	if t == nil || t.AccountID == a.claim.AccountID {
		return 0
	}
	return t.AccountID
}

// isOutOfSight reports whether a post goes to a thread that the conversation has left, or is a mark on a message that isn't in
// the conversation's own thread.
func (a *postAttempt) isOutOfSight(p bridge.Post, t *store.Thread) bool {
	isInOtherThread := t != nil && p.Place.Thread != t.Root
	isMarkElsewhere := p.Kind == bridge.PostMark && (isInOtherThread || a.otherHome() != 0)
	return isMarkElsewhere || a.isInLeftThread(p, t)
}

// isInLeftThread reports whether a post goes to a thread that the conversation has left: one that says so, the change of a line
// that stands there, or the card in a chat that the conversation has left.
func (a *postAttempt) isInLeftThread(p bridge.Post, t *store.Thread) bool {
	isChangeElsewhere := a.body.Changes != 0 && t != nil && p.Place.Thread != t.Root
	isCardElsewhere := p.Kind == bridge.PostCard && a.otherHome() != 0
	return a.body.Left || isChangeElsewhere || isCardElsewhere
}

// isForUnopened reports whether a post belongs into a thread that never opened, in a chat that its conversation has left. It is
// false for a root, which may open the thread, and for an erasure, which removes what may stand there in spite of that.
func (a *postAttempt) isForUnopened() bool {
	kind := bridge.PostKind(a.claim.Kind)
	if kind == bridge.PostRoot || kind == bridge.PostErased {
		return false
	}
	t := a.threads.ThreadIn(a.claim.AccountID, a.claim.ConversationID)
	return t != nil && t.Root == "" && a.otherHome() != 0
}

// GoesOnElsewhere is the hint of a post that has failed for good only because its conversation has left the chat. If the
// conversation is back by the time the failure is applied, the post is made there after all.
const GoesOnElsewhere = "The conversation goes on in another chat."

// leaveUnposted returns what an attempt that failed with err reports:
//   - err, so that the post is tried again, unless it is for a chat that was left (isForOtherChat);
//   - for a customer's words, a failure for good: they are posted where the conversation goes on;
//   - nil for all other posts, which nobody misses.
func (a *postAttempt) leaveUnposted(err error) error {
	if !a.isForOtherChat() {
		return err
	}
	if !ShowsSaid(&a.claim.Delivery) {
		return nil
	}
	return &channels.SendError{
		Class: channels.BadContent,
		Text:  "The chat that was left takes no posts.",
		Hint:  GoesOnElsewhere,
		Cause: err,
	}
}

// isForOtherChat reports whether a post is given up because its conversation has left the chat, so that words of the customer don't
// wait behind it for ever.
func (a *postAttempt) isForOtherChat() bool {
	if a.otherHome() == 0 {
		return false
	}

	kind := bridge.PostKind(a.claim.Kind)
	t := a.threads.ThreadIn(a.claim.AccountID, a.claim.ConversationID)
	isUnopened := t != nil && t.Root == ""
	switch {
	case kind == bridge.PostErased: // it removes what stands there
		return false
	case isUnopened, kind == bridge.PostRoot, ShowsSaid(&a.claim.Delivery):
		return true
	case strings.HasSuffix(a.claim.Key, ":"+CardLane):
		return false // what the card, or a line, still shows may be wrong, and no words of the customer wait in this lane
	case kind == bridge.PostLine, kind == bridge.PostCard:
		isConnected := a.engine.Surface(a.claim.AccountID) != nil
		return isConnected || store.Seconds(a.claim.FirstAgo) > maxBestEffort
	default:
		return false
	}
}

// isOutdated reports whether a post of a hand-over is wrong by now, because the conversation was handed on or back before it
// could be posted:
//   - a root in a chat that isn't the right one any more, or in a channel in which the thread is already;
//   - a line that says that the conversation has left a thread in which it is again.
func (a *postAttempt) isOutdated(p bridge.Post, t *store.Thread) bool {
	homeSurface, channel := a.home()
	if homeSurface == 0 || t == nil {
		return false
	}

	isFurtherRoot := p.Kind == bridge.PostRoot && t.Root != "" // without any root, nobody would see what waits behind this one
	if isFurtherRoot && a.body.Place.Channel != "" {
		isThreadThere := a.engine.Directory().ChannelNow(homeSurface, t.Channel) == channel
		return homeSurface != a.claim.AccountID || isThreadThere
	}
	if a.body.Left && homeSurface == a.claim.AccountID {
		return t.Root == cmp.Or(p.Place.Message, p.Place.Thread)
	}
	return false
}
