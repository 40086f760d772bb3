package engine

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// HasBoard reports whether a channel is to have a board.
func HasBoard(d *Directory, surface store.AccountID, channel string) bool {
	for _, c := range d.Channels {
		if t := d.Team(c.TeamID); c.AccountID == surface && c.Channel == channel && t != nil && t.Board {
			return true
		}
	}
	return false
}

// Board posts the board of a channel, changes it if it shows something else now, or takes it out if it isn't wanted any more.
func (w *work) Board(ctx context.Context, tx pgx.Tx, f Fact) error {
	b, err := store.LockBoard(ctx, tx, f.Surface, f.External)
	if err != nil || b == nil {
		return err
	}
	if b.IsUnderWay { // it is looked at again: a chat that takes no posts for hours gets the latest, not all
		return nil
	}
	at := bridge.Place{Channel: b.Channel, Message: b.Message}
	if !HasBoard(w.Dir, b.AccountID, b.Channel) {
		if b.Message != "" {
			w.EraseInChannel(ErasedPost{Surface: b.AccountID, Place: at, Kind: bridge.PostLine})
		}
		return store.DropBoard(ctx, tx, *b)
	}

	board, err := w.Reading.Board(ctx, tx, b.AccountID, b.Channel)
	if err != nil {
		return err
	}
	shown := board.Mark()
	if shown == b.Shown && b.Message != "" {
		return nil
	}
	posted := w.ChannelLine(b.AccountID, at, bridge.Line{Content: board})
	return store.KeepBoard(ctx, tx, *b, posted.ID, shown)
}
