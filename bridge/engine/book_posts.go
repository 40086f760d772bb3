package engine

import (
	"cmp"
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// Kinds of posts that people made. The kinds of Parley's own posts are PostKinds.
const (
	EarlyMessage = "early" // its edit or deletion arrived before the message itself
	HumanMessage = "human"
)

// Posts holds the messages in surfaces (Slack, Teams) that one batch is about, by people and by Parley. A row maps
// such a message to its conversation: an agent's reply in a thread finds its conversation by the row of the thread's
// root, the first message.
//
// When a root has just been posted, its row is written only with the result of that request. An action below the root
// may arrive sooner, and then waits for the row (AwaitRecord).
type Posts struct {
	*Moment
	verbs Table
	Rows  map[PostKey]*store.Post
	dirty map[PostKey]bool // rows to be written
}

// findPosts adds the query for the posts with these keys to p.
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

// Remember records which conversation and message a surface's message belongs to.
func (ps *Posts) Remember(p store.Post) *store.Post {
	k := PostKey{p.AccountID, p.Channel, p.Message}
	row := &p
	ps.Rows[k] = row
	ps.dirty[k] = true
	return row
}

// MarkChanged makes the flush write a post.
func (ps *Posts) MarkChanged(p *store.Post) {
	ps.dirty[PostKey{p.AccountID, p.Channel, p.Message}] = true
}

// PostKey identifies a message in a surface.
type PostKey struct {
	Account          store.AccountID
	Channel, Message string
}

// IsAskedElsewhere reports whether an action is answered where it was done, because its author would not see an
// answer in the conversation's thread. That is so:
//   - if it chooses the conversation for a text that was typed in the channel, outside of all threads;
//   - if it is a command, or a question (verb.Rules) by a button or form, about a conversation with another
//     thread.
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
	if root == "" && !r.Typed() { // a button of the root itself
		root = r.Place.Message
	}

	p := ps.At(PostKey{r.Surface, r.Place.Channel, root})
	return p == nil || p.ConversationID != r.Conversation.ID
}

// IsShownInThread reports whether a typed text is in the conversation's thread. It isn't if it was typed elsewhere
// with the conversation's number.
func (ps *Posts) IsShownInThread(r Request) bool {
	if r.Conversation == nil || r.Args.Conversation == 0 {
		return true
	}
	p := ps.At(PostKey{r.Surface, r.Place.Channel, r.Place.Thread})
	return p != nil && p.ConversationID == r.Conversation.ID
}

// RememberHandled records that a typed message was handled without becoming a message of a conversation.
func (ps *Posts) RememberHandled(r Request) {
	ps.Remember(store.Post{AccountID: r.Surface, Channel: r.Place.Channel, Message: r.Place.Message, Kind: HumanMessage})
}

// WasHandled reports whether a typed message was handled before: a surface may report the same message more than once.
func (ps *Posts) WasHandled(r Request) bool {
	p := ps.At(PostKey{r.Surface, r.Place.Channel, r.Place.Message})
	return p != nil && p.Kind == HumanMessage
}

// AwaitRecord returns a *NotYet if an action has to wait for the row of the post under which it was done. It returns
// nil if the row exists, or if the action has waited long enough.
func (ps *Posts) AwaitRecord(ctx context.Context, tx pgx.Tx, r Request) error {
	root, age := cmp.Or(r.Place.Thread, r.Place.Message), ps.Age()
	if ps.At(PostKey{r.Surface, r.Place.Channel, root}) != nil || age >= maxRootWait {
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
// conversation. It may belong to a duplicate root: a root is posted again if the result of the first attempt stays unknown.
func (ps *Posts) IsUnknownThread(r Request) bool {
	isBelowRoot := r.Place.Thread != "" && r.Place.Thread != r.Place.Message
	if !r.Explicit || !isBelowRoot || r.Args.Conversation != 0 {
		return false
	}
	return ps.At(PostKey{r.Surface, r.Place.Channel, r.Place.Thread}) == nil
}

// MayBeUnderDouble reports whether a text was typed below a duplicate of a conversation's root: below a post by
// Parley without a row, in a channel that may hold an undiscovered duplicate. Such a text was meant for a customer.
func (ps *Posts) MayBeUnderDouble(ctx context.Context, tx pgx.Tx, r Request) (bool, error) {
	isTypedInThread := r.Typed() && r.Place.Thread != ""
	if !r.OwnThread || !isTypedInThread {
		return false, nil
	}
	if ps.At(PostKey{r.Surface, r.Place.Channel, r.Place.Thread}) != nil {
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

// maxRootWait is how long a reply may wait for the row of the root below which it was typed. It exceeds the time for
// which the result of a post can be unknown.
const maxRootWait = 11 * time.Minute

// maxDisorderWait is how long a reply waits even if no root is being posted, because a surface may report events out
// of order.
const maxDisorderWait = 15 * time.Second

// rootPollInterval is how often to check whether a root is still being posted.
const rootPollInterval = 5 * time.Second

// maxEmojiWait is how long an emoji on a post by Parley may wait for the post's row. It is shorter than maxRootWait,
// because the post may belong to no conversation. An emoji on a person's message waits for maxDisorderWait only.
const maxEmojiWait = time.Minute
