package book

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// Kinds of posts that people made.
const (
	EarlyMessage = "early" // it was edited or deleted before the message itself came
	HumanMessage = "human"
)

// Posts holds the messages in surfaces that one batch is about, written by people or by Parley.
type Posts struct {
	*Moment
	Rows  map[PostKey]*store.Post
	dirty map[PostKey]bool
}

func newPosts(m *Moment) *Posts {
	return &Posts{Moment: m, Rows: map[PostKey]*store.Post{}, dirty: map[PostKey]bool{}}
}

// Remember records what a surface's message is about, for replies, edits and reactions to it.
func (ps *Posts) Remember(p store.Post) *store.Post {
	k := PostKey{p.AccountID, p.Channel, p.Message}
	row := &p
	ps.Rows[k] = row
	ps.dirty[k] = true
	return row
}

// Change marks a post as changed.
func (ps *Posts) Change(p *store.Post) {
	ps.dirty[PostKey{p.AccountID, p.Channel, p.Message}] = true
}

// PostKey names a message in a surface.
type PostKey struct {
	Account          store.AccountID
	Channel, Message string
}

// AsksFromElsewhere reports whether somebody asks about a conversation outside of its thread, or chooses the
// conversation for a text in the channel. That person would not see an answer in the conversation's
// thread.
func (ps *Posts) AsksFromElsewhere(r Request) bool {
	if r.Args.Typed != nil {
		return r.Place.Channel != ""
	}
	looks := []bridge.Verb{bridge.VerbFind, bridge.VerbHistory, bridge.VerbWhy, bridge.VerbTimeline}
	if !slices.Contains(looks, r.Verb) || r.Args.Conversation == 0 || r.Place.Channel == "" {
		return false
	}
	at := r.Place.Thread
	if at == "" && !r.Typed() { // a button of the card
		at = r.Place.Message
	}
	p := ps.Rows[PostKey{r.Surface, r.Place.Channel, at}]
	return p == nil || p.ConversationID != r.Conversation.ID
}

// ActedInThread reports whether somebody typed, or put an emoji, in a conversation's own thread. The surface
// reports that, and so proves that the person can read the thread. The place that a button or a form
// gives is no proof.
func (ps *Posts) ActedInThread(r Request) bool {
	switch r.Origin {
	case bridge.OriginText, bridge.OriginMention, bridge.OriginCatchUp, bridge.OriginEmoji:
	default:
		return false
	}
	for _, m := range []string{r.Place.Thread, r.Place.Message} {
		if p := ps.Rows[PostKey{r.Surface, r.Place.Channel, m}]; p != nil && m != "" && p.ConversationID == r.Conversation.ID {
			return true
		}
	}
	return false
}

// ShownInThread reports whether a text was not typed elsewhere with the number of its conversation. The
// conversation's thread would not show such a text.
func (ps *Posts) ShownInThread(r Request) bool {
	if r.Conversation == nil || r.Args.Conversation == 0 {
		return true
	}
	p := ps.Rows[PostKey{r.Surface, r.Place.Channel, r.Place.Thread}]
	return p != nil && p.ConversationID == r.Conversation.ID
}

// KeyOfTypedText returns the key of a text that was typed outside of its conversation's thread; nil means it wasn't typed.
func (ps *Posts) KeyOfTypedText(r Request) *PostKey {
	if !r.Typed() || r.Place.Message == "" {
		return nil
	}
	return &PostKey{r.Surface, r.Place.Channel, r.Place.Message}
}

// RememberElsewhere notes the message that a text became which was typed elsewhere. The note names no conversation: what is
// said below the text isn't said in the conversation's thread.
func (ps *Posts) RememberElsewhere(k *PostKey, m *Message) {
	if k != nil {
		ps.Remember(store.Post{AccountID: k.Account, Channel: k.Channel, Message: k.Message, MessageID: m.ID, Kind: HumanMessage})
	}
}

// WasHandled reports whether a typed message was dealt with before, when the surface reported it in another way.
func (ps *Posts) WasHandled(r Request) bool {
	p := ps.Rows[PostKey{r.Surface, r.Place.Channel, r.Place.Message}]
	return p != nil && p.Kind == HumanMessage
}

// AwaitRecord makes an action wait for the record of the post that it is under, if that record may be
// about to be written.
// Errors: *NotYet; the database's.
func (ps *Posts) AwaitRecord(ctx context.Context, tx pgx.Tx, r Request) error {
	under, age := cmp.Or(r.Place.Thread, r.Place.Message), ps.Age()
	most := maxDisorderWait - age
	switch {
	case ps.Rows[PostKey{r.Surface, r.Place.Channel, under}] != nil, age >= maxRootWait:
		return nil
	case r.Origin == bridge.OriginEmoji: // which may be under any post
		if r.OwnThread {
			most = maxEmojiWait - age
		}
		if most <= 0 {
			return nil
		}
	case age >= maxDisorderWait:
		if coming, err := store.RootComing(ctx, tx, r.Surface, r.Place.Channel, under, ps.Event.ID); err != nil || !coming {
			return err
		}
		most = rootPollInterval
	}
	return ps.waitForPost(r.Surface, r.Place.Channel, under, most)
}

// IsUnknownThread reports whether somebody asked Parley to reply to a customer in a thread that belongs to no
// conversation. It may be the double of a conversation's thread: a root is posted again when nobody can
// tell whether it was posted.
func (ps *Posts) IsUnknownThread(r Request) bool {
	return r.Explicit && r.Args.Conversation == 0 && r.Place.Thread != "" && r.Place.Thread != r.Place.Message &&
		ps.Rows[PostKey{r.Surface, r.Place.Channel, r.Place.Thread}] == nil
}

// MayBeUnderDouble reports whether a text was typed under a root of Parley's that is no conversation's, in a channel where a root may be
// there twice and nobody found the other one: so the text was meant for a customer.
// Errors: the database's.
func (ps *Posts) MayBeUnderDouble(ctx context.Context, tx pgx.Tx, r Request) (bool, error) {
	if !r.OwnThread || !r.Typed() || r.Place.Thread == "" || ps.Rows[PostKey{r.Surface, r.Place.Channel, r.Place.Thread}] != nil {
		return false, nil
	}
	return store.Doubted(ctx, tx, r.Surface, r.Place.Channel)
}

func (ps *Posts) flush(ctx context.Context, p *store.Pipeline) error {
	var posts []store.Post
	for k := range ps.dirty {
		posts = append(posts, *ps.Rows[k])
	}
	return store.UpsertPosts(ctx, p, posts)
}

// maxRootWait is how long a reply may wait for the record of the root that it answers. For so long it may
// be unknown whether a post was made.
const maxRootWait = 11 * time.Minute

// maxDisorderWait is how long a reply waits though no root is under way: a surface may report events in
// the wrong order.
const maxDisorderWait = 15 * time.Second

// rootPollInterval is how often it is looked whether a root is still under way.
const rootPollInterval = 5 * time.Second

// maxEmojiWait is how long an emoji may wait for the record of the post that it is under. That is less than
// rootWait, because the post may have nothing to do with Parley. Under a person's message, which often
// concerns no customer, the emoji waits for disorderWait only.
const maxEmojiWait = time.Minute
