package book

import (
	"cmp"
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/verb"
	"parley/store"
)

// Kinds of posts that people made. The kinds of Parley's own posts are PostKinds.
const (
	EarlyMessage = "early" // an edit or a deletion of it came before the message itself
	HumanMessage = "human"
)

// Posts holds the messages in Slack or Teams that one batch is about, written by people or by Parley. A row says to which
// conversation and message such a post belongs: by it, a reply, an edit or an emoji below a post finds its conversation.
type Posts struct {
	*Moment
	verbs verb.Table
	Rows  map[PostKey]*store.Post
	dirty map[PostKey]bool // rows to be written
}

// findPosts adds the query of the posts with these keys.
func findPosts(p *store.Pipeline, dest *[]store.Post, wanted []PostKey) {
	accounts := make([]store.AccountID, len(wanted))
	channels := make([]string, len(wanted))
	messages := make([]string, len(wanted))
	for i, k := range wanted {
		accounts[i] = k.Account
		channels[i] = k.Channel
		messages[i] = k.Message
	}
	p.FindPosts(dest, accounts, channels, messages)
}

// Remember records what a surface's message is about, for replies, edits and reactions to it.
func (ps *Posts) Remember(p store.Post) *store.Post {
	k := PostKey{p.AccountID, p.Channel, p.Message}
	row := &p
	ps.Rows[k] = row
	ps.dirty[k] = true
	return row
}

// MarkChanged marks a post as changed.
func (ps *Posts) MarkChanged(p *store.Post) {
	ps.dirty[PostKey{p.AccountID, p.Channel, p.Message}] = true
}

// PostKey names a message in a surface.
type PostKey struct {
	Account          store.AccountID
	Channel, Message string
}

// IsAskedElsewhere reports whether an action is to be answered where it was done, because whoever did it would not see the
// answer in the conversation's thread. That is so:
//   - if somebody chooses the conversation for a text that was typed in the channel, outside of all threads;
//   - if a command, or a question (verb.Rules) of a button or form, names a conversation of another thread.
func (ps *Posts) IsAskedElsewhere(r Request) bool {
	if r.Args.Typed != nil {
		return r.Place.Channel != ""
	}

	namesConversation := r.Args.Conversation != 0
	if !namesConversation || r.Place.Channel == "" {
		return false
	}

	isCommand := r.Typed() || r.Origin == bridge.OriginSlash
	if !isCommand && !ps.verbs.Of(r.Verb).IsQuestion {
		return false
	}

	root := r.Place.Thread
	if root == "" && !r.Typed() { // it was a button of the card, which is the root
		root = r.Place.Message
	}

	p := ps.Rows[PostKey{r.Surface, r.Place.Channel, root}]
	return p == nil || p.ConversationID != r.Conversation.ID
}

// IsShownInThread reports whether the conversation's thread shows a typed text. It doesn't if the text was typed elsewhere, with
// the number of the conversation.
func (ps *Posts) IsShownInThread(r Request) bool {
	if r.Conversation == nil || r.Args.Conversation == 0 {
		return true
	}
	p := ps.Rows[PostKey{r.Surface, r.Place.Channel, r.Place.Thread}]
	return p != nil && p.ConversationID == r.Conversation.ID
}

// RememberHandled notes that a typed message was handled, and became nothing.
func (ps *Posts) RememberHandled(r Request) {
	ps.Remember(store.Post{AccountID: r.Surface, Channel: r.Place.Channel, Message: r.Place.Message, Kind: HumanMessage})
}

// WasHandled reports whether a typed message was handled before: a surface may report the same message in several ways.
func (ps *Posts) WasHandled(r Request) bool {
	p := ps.Rows[PostKey{r.Surface, r.Place.Channel, r.Place.Message}]
	return p != nil && p.Kind == HumanMessage
}

// AwaitRecord returns a *NotYet if an action has to wait for the record of the post under which it was done, which is written
// with the result of that post. It returns nil if the record is there, or if the wait has been long enough.
func (ps *Posts) AwaitRecord(ctx context.Context, tx pgx.Tx, r Request) error {
	root, age := cmp.Or(r.Place.Thread, r.Place.Message), ps.Age()
	if ps.Rows[PostKey{r.Surface, r.Place.Channel, root}] != nil || age >= maxRootWait {
		return nil
	}

	if r.IsEmoji() {
		maxWait := maxDisorderWait
		if r.OwnThread {
			maxWait = maxEmojiWait
		}
		if age >= maxWait {
			return nil
		}
		return ps.waitForPost(r.Surface, r.Place.Channel, root, maxWait-age)
	}

	if age < maxDisorderWait {
		return ps.waitForPost(r.Surface, r.Place.Channel, root, maxDisorderWait-age)
	}

	coming, err := store.RootComing(ctx, tx, r.Surface, r.Place.Channel, root, ps.Event.ID)
	if err != nil || !coming {
		return err
	}
	return ps.waitForPost(r.Surface, r.Place.Channel, root, rootPollInterval)
}

// IsUnknownThread reports whether somebody asked Parley to reply to a customer in a thread that belongs to no known
// conversation. It may be the double of a conversation's thread: a root is posted again when nobody can tell whether the
// first attempt succeeded.
func (ps *Posts) IsUnknownThread(r Request) bool {
	isBelowRoot := r.Place.Thread != "" && r.Place.Thread != r.Place.Message
	if !r.Explicit || !isBelowRoot || r.Args.Conversation != 0 {
		return false
	}
	return ps.Rows[PostKey{r.Surface, r.Place.Channel, r.Place.Thread}] == nil
}

// MayBeUnderDouble reports whether a text was typed under a second copy of a conversation's root: a root of Parley's that no
// conversation has, in a channel where a copy may stand that was not found. Such a text was meant for a customer.
func (ps *Posts) MayBeUnderDouble(ctx context.Context, tx pgx.Tx, r Request) (bool, error) {
	isTypedInThread := r.Typed() && r.Place.Thread != ""
	if !r.OwnThread || !isTypedInThread {
		return false, nil
	}
	if ps.Rows[PostKey{r.Surface, r.Place.Channel, r.Place.Thread}] != nil {
		return false, nil
	}
	return store.MayHaveDuplicateRoot(ctx, tx, r.Surface, r.Place.Channel)
}

func (ps *Posts) flush(ctx context.Context, p *store.Pipeline) error {
	var posts []store.Post
	for k := range ps.dirty {
		posts = append(posts, *ps.Rows[k])
	}
	return store.UpsertPosts(ctx, p, posts)
}

// maxRootWait is how long a reply may wait for the record of the root under which it was typed. That is how long it can be
// unknown whether a post was made.
const maxRootWait = 11 * time.Minute

// maxDisorderWait is how long a reply waits even if no root is under way: a surface may report events in the wrong order.
const maxDisorderWait = 15 * time.Second

// rootPollInterval is the pause between two looks whether a root is still under way.
const rootPollInterval = 5 * time.Second

// maxEmojiWait is how long an emoji on a post of Parley's may wait for the post's record: less than maxRootWait, because the
// post may concern no conversation. An emoji on a person's message waits for maxDisorderWait only.
const maxEmojiWait = time.Minute
