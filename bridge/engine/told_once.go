package engine

import (
	"time"

	"parley/bridge"
	"parley/store"
)

// toldPost is the kind and channel of a post that only remembers that somebody was told something which
// is said once.
const toldPost = "told"

// toldKey gives the key under which it is remembered that an author was told: in a thread, once, that a
// text stays inside; in a channel, once a day, that a text reaches no customer.
func toldKey(surface int64, a bridge.Action, now time.Time) postKey {
	where := a.Place.Thread
	if where == "" || where == a.Place.Message {
		where = day(now)
	}
	return postKey{surface, toldPost, a.Actor.ID + ":" + a.Place.Channel + ":" + where}
}

// tellOnce tells the author of a typed text something, and nobody else, unless the author was told it
// before.
func (th *threads) tellOnce(c *conv, surface int64, a bridge.Action, line bridge.Line) {
	if th.posts.toldFirst(request{conv: c, surface: surface, Action: a}) {
		th.whisper(c, surface, a, line)
	}
}

// toldFirst says that the author of a typed text was not told yet what is told only once, and notes that
// the author is told now.
func (ps *posts) toldFirst(r request) bool {
	k := toldKey(r.surface, r.Action, ps.now)
	if ps.rows[k] != nil {
		return false
	}
	post := store.Post{AccountID: k.account, Channel: k.channel, Message: k.message, Kind: toldPost}
	if r.conv != nil {
		post.ConversationID = r.conv.ID // so that the post is removed once the conversation ended long ago
	}
	ps.remember(post)
	return true
}
