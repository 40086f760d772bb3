package engine

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"parley/store"
)

const boardInterval = 5 * time.Second

// showBoards looks which boards would show something else now, and has them changed. Boards that nothing changes make no requests.
func (cs *Chores) showBoards(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, dbTimeout)
	defer cancel()
	dir := cs.host.Directory()
	var wanted []store.TeamChannel
	for _, c := range dir.Channels {
		if HasBoard(dir, c.AccountID, c.Channel) {
			wanted = append(wanted, c)
		}
	}
	boards, err := store.DueBoards(ctx, cs.pool, wanted, cs.host.BoardEvery())
	if err != nil {
		return err
	}

	var events []store.NewEvent
	for _, b := range boards {
		if HasBoard(dir, b.AccountID, b.Channel) {
			board, err := cs.host.Board(ctx, b.AccountID, b.Channel)
			if err != nil {
				return err
			}
			if board.Mark() == b.Shown {
				continue
			}
		}
		key := fmt.Sprintf("board:%d:%s", b.AccountID, b.Channel)
		event := Fact{Kind: Board, Surface: b.AccountID, External: b.Channel}.Event(key + ":" + rand.Text())
		event.OrderKey = store.OrderKey(store.SystemAccount, key)
		events = append(events, event)
	}
	if len(events) == 0 {
		return nil
	}
	if _, err := store.InsertEvents(ctx, cs.pool, events); err != nil {
		return err
	}
	cs.host.Wake()
	return nil
}
