package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/store"
)

// An agent's edit or deletion of a message can arrive before the message itself. An early post then keeps it until
// the message arrives.

// readEarlyAgain reads early posts a second time, now that the conversations are locked. They were first read without a lock, so
// that another process may have replaced the early post by the message since. It adds the messages that it finds to n.
func (b *Book) readEarlyAgain(ctx context.Context, tx pgx.Tx, n *Prefetch) error {
	var accounts []store.AccountID
	var channels, messages []string
	for k, p := range b.Posts.Rows {
		if p.Kind == EarlyMessage {
			accounts = append(accounts, k.Account)
			channels = append(channels, k.Channel)
			messages = append(messages, k.Message)
		}
	}

	posts, err := store.FindPosts(ctx, tx, accounts, channels, messages)
	if err != nil {
		return fmt.Errorf("book: early posts again: %w", err)
	}
	for i := range posts {
		if k := (PostKey{posts[i].AccountID, posts[i].Channel, posts[i].Message}); !b.Posts.dirty[k] {
			b.Posts.Rows[k] = &posts[i]
		}
		if id := posts[i].MessageID; id != 0 {
			n.Messages = append(n.Messages, id)
		}
	}

	n.Messages = sortedUnique(n.Messages)
	return nil
}

// EarlyIn returns the early posts in a conversation's threads, sorted by account, channel and message.
func (ps *Posts) EarlyIn(conversation store.ConversationID) []store.Post {
	var stored []store.Post
	ps.read(func(p *store.Pipeline) { p.EarlyPosts(&stored, []store.ConversationID{conversation}) })
	for i := range stored {
		k := PostKey{stored[i].AccountID, stored[i].Channel, stored[i].Message}
		if ps.Rows[k] == nil {
			ps.Rows[k] = &stored[i]
		}
	}

	var list []store.Post
	for _, p := range ps.Rows {
		if p.ConversationID == conversation && p.Kind == EarlyMessage {
			list = append(list, *p)
		}
	}
	slices.SortFunc(list, func(a, b store.Post) int {
		return cmp.Or(cmp.Compare(a.AccountID, b.AccountID), cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Message, b.Message))
	})
	return list
}
