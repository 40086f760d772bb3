package book

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/store"
)

// readEarly reads the edits that came before their messages again, now that the conversations are locked. Another process may have
// stored such an edit as the message since they were read first, because the edit's wait has ended: the event that ends it is in
// another queue. A batch in which a wait ends (depth.Early) needs all edits that wait in its conversations.
func (b *Book) readEarly(ctx context.Context, tx pgx.Tx, n *Wanted) error {
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
	if err == nil && n.Early {
		var waiting []store.Post
		waiting, err = store.EarlyPosts(ctx, tx, SortedKeys(b.Conversations.Rows))
		posts = append(posts, waiting...)
	}

	if err != nil {
		return fmt.Errorf("book: %w", err)
	}

	for i := range posts {
		b.Posts.Rows[PostKey{posts[i].AccountID, posts[i].Channel, posts[i].Message}] = &posts[i]
		if id := posts[i].MessageID; id != 0 {
			n.Messages = append(n.Messages, id)
		}
	}

	n.Messages = sortedUnique(n.Messages)
	return nil
}

// EarlyIn returns the edits in a conversation's threads whose messages have not come, in the order of their places. The
// list is complete only if the batch wanted it (depth.Early).
func (ps *Posts) EarlyIn(conversation store.ConversationID) []store.Post {
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
