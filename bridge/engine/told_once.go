package engine

import (
	"time"

	"parley/bridge"
	"parley/store"
)

// toldPost is the kind, and channel, of a post by which it is remembered that somebody was told
// something which is said once.
const toldPost = "told"

// toldKey names what the author of a typed text is told once: in a thread that it stays inside,
// in a channel, once a day, that it reaches no customer.
func toldKey(surface int64, a bridge.Action, now time.Time) postKey {
	where := a.Place.Thread
	if where == "" || where == a.Place.Message {
		where = day(now)
	}
	return postKey{surface, toldPost, a.Actor.ID + ":" + a.Place.Channel + ":" + where}
}

// tellOnce tells the author of a typed text something, and nobody else; the next time it goes
// without saying.
func (th *threads) tellOnce(c *conv, surface int64, a bridge.Action, line bridge.Line) {
	if th.posts.toldFirst(request{conv: c, surface: surface, Action: a}) {
		th.whisper(c, surface, a, line)
	}
}

// toldFirst says whether the author of a typed text is to be told what is told only once, and notes
// that it was told. The text is about conversation c; nil = about none.
func (ps *posts) toldFirst(r request) bool {
	k := toldKey(r.surface, r.Action, ps.now)
	if ps.rows[k] != nil {
		return false
	}
	post := store.Post{AccountID: k.account, Channel: k.channel, Message: k.message, Kind: toldPost}
	if r.conv != nil {
		post.ConversationID = r.conv.ID // it goes with what was needed to deliver, when that has ended long ago
	}
	ps.remember(post)
	return true
}
