package engine

import (
	"parley/bridge"
	"parley/store"
)

// TakeOut queues the removal of a post from a channel in which not everybody may read the conversation any more, behind all that
// was queued there before, or from all if the conversation is deleted.
func TakeOut(th *Writer, c *Conversation, p ErasedPost) {
	p.Hidden = p.Deleted == ""
	if t := c.Threads[p.Surface]; t != nil {
		th.PostTo(c, t, bridge.PostErased, NoMessage, Payload{Erases: &p})
	}
}

// EraseInChannel queues the removal of a post that belongs to no conversation.
func (th *Writer) EraseInChannel(p ErasedPost) {
	lane := th.channelLaneOf(p.Surface, p.Place.Channel, bridge.PostErased)
	th.Outbox.Enqueue(lane, string(bridge.PostErased), NoMessage, Payload{Erases: &p}, nil)
}

// ThreadsErasePosts queues the removal of posts from chats, because a customer's data is erased. Each chat has a lane of its own
// for that. With
// no posts, it was somebody in copy who was erased, and only the card is shown again.
func ThreadsErasePosts(th *Writer, c *Conversation, posts []ErasedPost) {
	if len(posts) == 0 {
		c.RefreshCard()
	}

	for _, p := range posts {
		if c.CloseReason == bridge.CloseDeleted {
			p.Deleted = "Deleted"
		}
		gate, request := th.budgetOf(p.Surface, bridge.PostErased, p.Place.Channel)
		lane := th.Outbox.LaneOf(LaneKey{
			Account: p.Surface,
			Key:     conversationLane(c.ID, eraseLane),
		}, c.ID, store.PriorityMark, gate, request)
		th.Outbox.Enqueue(lane, string(bridge.PostErased), NoMessage, Payload{Erases: &p}, nil)
	}
}
