package engine

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/verb"
	"parley/store/channelmove"
)

func moveChannelVerb() useCase {
	return useCase{Rules: verb.Rules{Name: bridge.VerbMoveChannel}, DoFirst: beginMove}
}

// beginMove notes that a surface gave a channel another id. What stands under the old one follows in batches (chores).
func beginMove(_ *work, ctx context.Context, tx pgx.Tx, r book.Request) error {
	return channelmove.Begin(ctx, tx, r.Surface, r.Place.Channel, r.Args.Note)
}
