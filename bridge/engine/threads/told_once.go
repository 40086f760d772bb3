package threads

import (
	"time"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/store"
)

// toldPost is both the kind and the channel of a post that no chat shows. Its row only remembers that somebody was told
// something, so that it is told once.
const toldPost = "told"

// ToldKey returns the key of the post that remembers what the author of a typed text was told:
//   - one for each author and thread, in which the author is told once that a text stays inside;
//   - one for each author, channel and day (UTC): the author is told once that a text in the channel reaches no customer.
func ToldKey(r book.Request, now time.Time) book.PostKey {
	scope := r.Place.Thread
	isTopLevel := scope == "" || scope == r.Place.Message // a message that begins a thread is its root
	if isTopLevel {
		scope = book.DayKey(now)
	}
	return book.PostKey{Account: r.Surface, Channel: toldPost, Message: string(r.Actor.ID) + ":" + r.Place.Channel + ":" + scope}
}

// AskedKey returns the key of the post that remembers that the author of a text in the channel was asked in this hour (UTC) who is
// meant.
func AskedKey(r book.Request, now time.Time) book.PostKey {
	hour := now.UTC().Format("2006-01-02T15")
	return book.PostKey{Account: r.Surface, Channel: toldPost, Message: string(r.Actor.ID) + ":" + r.Place.Channel + ":" + hour}
}

// TellOnce tells the author of a typed text something, seen by nobody else, unless the author was told before (see
// ToldKey).
func (th *Writer) TellOnce(r book.Request, line bridge.Line) {
	if th.RememberTold(r) {
		th.Whisper(r, line)
	}
}

// RememberTold notes that the author of a typed text is told now what is told once. It returns false if that was noted
// before, so that nothing is to be told.
func (th *Writer) RememberTold(r book.Request) bool {
	return rememberOnce(th.Posts, ToldKey(r, th.Posts.Now), r)
}

// RememberAsked notes that the author of a text in the channel is asked now who is meant.
func RememberAsked(posts *book.Posts, r book.Request) {
	rememberOnce(posts, AskedKey(r, posts.Now), r)
}

// rememberOnce makes the post of a key. It returns false if it is there.
func rememberOnce(posts *book.Posts, key book.PostKey, r book.Request) bool {
	if posts.Rows[key] != nil {
		return false
	}
	post := store.Post{AccountID: key.Account, Channel: key.Channel, Message: key.Message, Kind: toldPost}
	if r.Conversation != nil {
		post.ConversationID = r.Conversation.ID // so that the row is removed with all else of a conversation that ended long ago
	}
	posts.Remember(post)
	return true
}
