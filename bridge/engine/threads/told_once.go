package threads

import (
	"time"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/store"
)

// toldPost is the kind and the channel of a post that only remembers that somebody was told something that is said once.
const toldPost = "told"

// ToldKey returns the key under which it is remembered that an author was told something: in a thread, once, that a text stays
// inside; in a channel, once a day, that a text reaches no customer.
func ToldKey(surface store.AccountID, a bridge.Action, now time.Time) book.PostKey {
	where := a.Place.Thread
	if where == "" || where == a.Place.Message {
		where = book.Day(now)
	}
	return book.PostKey{Account: surface, Channel: toldPost, Message: a.Actor.ID + ":" + a.Place.Channel + ":" + where}
}

// TellOnce tells the author of a typed text something, unseen by others, unless the author was told it before.
func (th *Writer) TellOnce(c *book.Conversation, surface store.AccountID, a bridge.Action, line bridge.Line) {
	if th.NoteFirstTelling(book.Request{Conversation: c, Surface: surface, Action: a}) {
		th.Whisper(c, surface, a, line)
	}
}

// NoteFirstTelling reports whether the author of a typed text is told something for the first time that is told only once. It notes
// that the author is told it now.
func (th *Writer) NoteFirstTelling(r book.Request) bool {
	k := ToldKey(r.Surface, r.Action, th.Posts.Now)
	if th.Posts.Rows[k] != nil {
		return false
	}
	post := store.Post{AccountID: k.Account, Channel: k.Channel, Message: k.Message, Kind: toldPost}
	if r.Conversation != nil {
		post.ConversationID = r.Conversation.ID // so that the post is removed once the conversation ended long ago
	}
	th.Posts.Remember(post)
	return true
}
