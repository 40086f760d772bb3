package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"parley/store"
)

const boardInterval = 5 * time.Second

// showBoards looks which boards would show something else now, and has them changed. Boards that nothing changes make no requests.
func (cs *Chores) showBoards(ctx context.Context) error {
	dir := cs.Directory()
	var wanted []store.TeamChannel
	for _, c := range dir.Channels {
		if HasBoard(dir, c.AccountID, c.Channel) {
			wanted = append(wanted, c)
		}
	}
	dueCtx, cancel := context.WithTimeout(ctx, dbTimeout)
	defer cancel()
	boards, err := store.DueBoards(dueCtx, cs.pool, wanted, cs.opt.BoardEvery)
	if err != nil {
		return err
	}

	var failed []error
	for _, b := range boards {
		if err := cs.showBoard(ctx, dir, b); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// showBoard has a board changed, or taken out if it isn't wanted any more.
func (cs *Chores) showBoard(ctx context.Context, dir *Directory, b store.Board) error {
	ctx, cancel := context.WithTimeout(ctx, dbTimeout)
	defer cancel()
	if b.IsUnderWay {
		return nil
	}
	if HasBoard(dir, b.AccountID, b.Channel) {
		board, err := cs.reading.Board(ctx, cs.pool, b.AccountID, b.Channel)
		if err != nil || board.Mark() == b.Shown && b.Message != "" {
			return err
		}
	}
	key := fmt.Sprintf("board:%d:%s", b.AccountID, b.Channel)
	event := Fact{Kind: Board, Surface: b.AccountID, External: b.Channel}.Event(key + ":" + rand.Text())
	event.OrderKey = store.OrderKey(store.SystemAccount, key)
	if _, err := store.InsertEvents(ctx, cs.pool, []store.NewEvent{event}); err != nil {
		return err
	}
	cs.wake()
	return nil
}
