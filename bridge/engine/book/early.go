package book

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/store"
)

// readEarly reads early posts again, now that the conversations are locked. An early post stands for an edit or a deletion that came
// before its message, and waits for the message. It was read without a lock before: meanwhile another process may have ended the wait
// and made the post the message. If the batch ends such a wait itself (depth.Early), readEarly reads all early posts of its
// conversations. It adds the messages that it finds to n.
func (b *Book) readEarly(ctx context.Context, tx pgx.Tx, n *Prefetch) error {
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
	if n.Early {
		waiting, err := store.EarlyPosts(ctx, tx, SortedKeys(b.Conversations.Rows))
		if err != nil {
			return fmt.Errorf("book: early posts of conversations: %w", err)
		}
		posts = append(posts, waiting...)
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
