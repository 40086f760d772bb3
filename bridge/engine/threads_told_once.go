package engine

import (
	"time"

	"parley/bridge"
	"parley/store"
)

// Some explanations are given once and not each time: "You don't own this conversation, so the customer didn't get
// that." To remember them, a row is added to the table of posts (messages in the chat) that stands for no real message.

// toldPost is both the kind and the channel of such a row.
const toldPost = "told"

// ToldKey returns the key of the row that records what the author of a typed text was told:
//   - for a text in a thread, one per author and thread, about texts that stay inside (among colleagues);
//   - for a text in the channel itself, one per author, channel and day (UTC), about texts that reach no customer.
func ToldKey(r Request, now time.Time) PostKey {
	scope := r.Place.Thread
	isTopLevel := scope == "" || scope == r.Place.Message
	if isTopLevel {
		scope = DayKey(now)
	}
	return PostKey{Account: r.Surface, Channel: toldPost, Message: string(r.Actor.ID) + ":" + r.Place.Channel + ":" + scope}
}

// AskedKey returns the key of the row that records that the author of a text in the channel was asked which
// customer is meant. There is one per author, channel and hour (UTC).
func AskedKey(r Request, now time.Time) PostKey {
	hour := now.UTC().Format("2006-01-02T15")
	return PostKey{Account: r.Surface, Channel: toldPost, Message: string(r.Actor.ID) + ":" + r.Place.Channel + ":" + hour}
}

// TellOnce whispers a line to the author of a typed text, unless the author was told before (see ToldKey).
func (th *Writer) TellOnce(r Request, line bridge.Line) {
	if th.RememberTold(r) {
		th.Whisper(r, line)
	}
}

// RememberTold records that the author of a typed text is told now. It returns false if the author was told before.
func (th *Writer) RememberTold(r Request) bool {
	return rememberOnce(th.Posts, ToldKey(r, th.Posts.Now), r)
}

// RememberAsked records that the author of a text in the channel is asked now which customer is meant.
func RememberAsked(posts *Posts, r Request) {
	rememberOnce(posts, AskedKey(r, posts.Now), r)
}

// rememberOnce adds the row of a key. It returns false if the row exists.
func rememberOnce(posts *Posts, key PostKey, r Request) bool {
	if posts.At(key) != nil {
		return false
	}
	post := store.Post{AccountID: key.Account, Channel: key.Channel, Message: key.Message, Kind: toldPost}
	if r.Conversation != nil {
		post.ConversationID = r.Conversation.ID // the row expires with the conversation
	}
	posts.Remember(post)
	return true
}
