package engine

import (
	"fmt"
	"slices"
	"strconv"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// continuationFor follows a conversation that is over to the one that continues it for the writer of a message. It
// returns c itself if c is open or has no continuation.
//
// Several conversations may continue one in mail: the customer and a colleague in copy may both write again. The
// message goes to the one in which its writer takes part, or else to the same customer's, but never into a
// conversation with somebody else.
func (b *Book) continuationFor(c *Conversation, in channels.Inbound) *Conversation {
	if c.BridgeStatus().Open() {
		return c
	}
	if into := b.Conversations.MergedInto(c); into != nil {
		return b.continuationFor(into, in)
	}

	var ofCustomer *Conversation
	for _, next := range b.Conversations.continuationsOf(c) {
		if b.TakesPart(next, in) {
			return b.continuationFor(next, in)
		}
		if ofCustomer == nil && b.People.RootOf(next) == b.People.RootOf(c) {
			ofCustomer = next
		}
	}

	if ofCustomer == nil {
		return c
	}
	return b.continuationFor(ofCustomer, in)
}

// TakesPart reports whether the writer of a message takes part in a conversation. In a chat that is always true,
// because a chat has one customer. A mail that was sent from our own mailbox without Parley has no writer's key; then
// one of its recipients has to take part.
func (b *Book) TakesPart(c *Conversation, in channels.Inbound) bool {
	switch {
	case c.Exclusive:
		return true
	case in.From.Key == "":
		return c.IsMailFor(in)
	default:
		return b.People.takesPart(c, in.From.Key)
	}
}

// takesPart reports whether key is an address of the conversation's customer, or of somebody who gets its replies.
func (ps *People) takesPart(c *Conversation, key string) bool {
	if c.Identity != nil && c.Identity.Key == key {
		return true
	}

	root := ps.ByAddress[NameKey{c.AccountID, key}]
	if root != nil && root == ps.RootOf(c) {
		return true // it is the customer with another key
	}
	return slices.ContainsFunc(c.Participants, func(p store.Participant) bool { return p.Key == key && !p.New })
}

// MergedInto returns the conversation that c was merged into, or nil, also if that was deleted.
func (cs *Conversations) MergedInto(c *Conversation) *Conversation {
	id, err := strconv.ParseInt(c.Traits[bridge.TraitMerged], 10, 64)
	if err != nil || c.CloseReason != bridge.CloseMerged {
		return nil
	}
	if into := cs.Get(store.ConversationID(id)); into != nil && into.CloseReason != bridge.CloseDeleted {
		return into
	}
	return nil
}

// ContinuationOf returns the newest conversation that continues c, or nil if none does.
func (cs *Conversations) ContinuationOf(c *Conversation) *Conversation {
	if into := cs.MergedInto(c); into != nil {
		return into
	}
	if list := cs.continuationsOf(c); len(list) > 0 {
		return list[0]
	}
	return nil
}

// continuationsOf returns the conversations that continue c, the newest first. Load reads all of them along with c.
func (cs *Conversations) continuationsOf(c *Conversation) (list []*Conversation) {
	for _, id := range slices.Backward(SortedKeys(cs.Rows)) {
		next := cs.Rows[id]
		if next.PreviousID != nil && *next.PreviousID == c.ID && next.CloseReason != bridge.CloseDeleted {
			list = append(list, next)
		}
	}
	return list
}

// IsOfferedIn reports whether the parked replies of conversation id are offered to the agents of c. A parked reply
// waits until the provider allows free text to the customer; then agents are offered to send it. Replies of id are
// offered in c if id is c, or is over (nothing can be sent from it) and has the same customer and team. Replies by
// other teams are not for c's channel.
func IsOfferedIn(b *Book, c *Conversation, id store.ConversationID) bool {
	from := b.Conversations.Get(id)
	if from == nil || from == c {
		return from != nil
	}
	root := b.People.RootOf(c)
	isSameCustomer := root != nil && root == b.People.RootOf(from) && from.AccountID == c.AccountID
	return isSameCustomer && isSameTeam(from.TeamID, c.TeamID) && !from.BridgeStatus().Open()
}

// isSameTeam reports whether a and b are the same team, or both nil.
func isSameTeam(a, b *store.TeamID) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// OpenSuccessor returns the customer's open conversation if c belongs to a chat and is over: then c can't be reopened
// beside it. It searches only the loaded conversations, which include those that continue c, and returns nil if there
// is none.
func (cs *Conversations) OpenSuccessor(c *Conversation) *Conversation {
	if !c.Exclusive || c.Identity == nil || c.BridgeStatus().Open() {
		return nil
	}
	return cs.openChatWith(c.AccountID, c.Identity)
}

// openChatWith returns the loaded open conversation that a customer has in a chat account, or nil.
func (cs *Conversations) openChatWith(account store.AccountID, i *store.Identity) *Conversation {
	for _, id := range SortedKeys(cs.Rows) {
		c := cs.Rows[id]
		if !c.Exclusive || c.AccountID != account {
			continue
		}
		isOfCustomer := c.Identity != nil && c.Identity.Root() == i.Root()
		if isOfCustomer && c.BridgeStatus().Open() {
			return c
		}
	}
	return nil
}

// HintAfterEnd returns a text that tells an agent how to go on after a conversation is over. A resolved one can be
// reopened by all, a closed one by admins.
func (cs *Conversations) HintAfterEnd(c *Conversation) string {
	if next := cs.OpenSuccessor(c); next != nil {
		return fmt.Sprintf("It goes on in #%d: type it there.", next.ID)
	}
	if c.CloseReason == bridge.CloseMerged && cs.MergedInto(c) == nil {
		return bridge.ClosedHint(bridge.CloseByAdmin)
	}
	if c.BridgeStatus() == bridge.StatusClosed {
		return bridge.ClosedHint(c.CloseReason)
	}
	return "To go on, reopen it: !reopen"
}
