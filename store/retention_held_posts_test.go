package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// A text that was typed in a channel, or an edit whose message never came, is kept for as long as somebody may choose
// what becomes of it. That somebody was told something about a channel is remembered for a while.
func TestKeptPostsGo(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	text := []byte(`{"text": "Who takes this?"}`)
	put := func(day string) {
		check(t, store.UpsertPosts(t.Context(), pool, []store.Post{
			{AccountID: 1, Channel: "c", Message: day + " typed", Kind: "human", Early: text},
			{AccountID: 1, Channel: "c", Message: day + " edit", Kind: "early", Early: text},
			{AccountID: 1, Channel: "c", Message: day + " sent", Kind: "human"},
			{AccountID: 1, Channel: "told", Message: day + " told", Kind: "told"},
			{AccountID: 1, Channel: "told", Message: day + " told of 7", Kind: "told", ConversationID: 7}}))
	}

	left := func() string {
		return row(t, pool, `SELECT string_agg(message || CASE WHEN early IS NULL THEN '' ELSE '*' END, ', ' ORDER BY message, account_id)
			FROM posts`)
	}
	tidy := func(keep time.Duration) (posts int) {
		for _, batch := range []func(context.Context, *pgxpool.Pool, time.Duration) (store.Emptied, error){
			store.DropTold, store.DropEarly,
		} {
			posts += must(batch(t.Context(), pool, keep))(t).Posts
		}
		return posts
	}

	put("1st")
	exec(t, pool, `UPDATE posts SET kept_at = NULL`) // as an earlier version wrote them
	if n := tidy(time.Minute); n != 0 {
		t.Errorf("%d posts went before their time had begun, want none", n)
	}

	check(t, store.MoveClock(t.Context(), pool, month+time.Hour))
	put("2nd")
	for _, young := range []store.Post{{AccountID: 1, Channel: "other"}, {AccountID: 2, Channel: "c"}} { // with the ids of old ones
		typed, edit, told := young, young, young
		typed.Message, typed.Kind, typed.Early = "1st typed", "human", text
		edit.Message, edit.Kind, edit.Early = "1st edit", "early", text
		told.Message, told.Kind = "1st told", "told"
		check(t, store.UpsertPosts(t.Context(), pool, []store.Post{typed, edit, told}))
	}

	const want = `("1st edit*, 1st edit*, 1st sent, 1st told, 1st told, 1st told of 7, 1st typed, 1st typed*, 1st typed*, ` +
		`2nd edit*, 2nd sent, 2nd told, 2nd told of 7, 2nd typed*")`
	if n := tidy(month); n != 3 || left() != want {
		t.Errorf("%d posts went; left are %s, want %s", n, left(), want)
	}
}
