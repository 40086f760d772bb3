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

// beginMove puts the new id of a channel into the settings, after a surface such as Slack has changed the id. The threads,
// posts and messages of the channel get the new id later, in batches (package chores).
func beginMove(_ *work, ctx context.Context, tx pgx.Tx, r book.Request) error {
	return channelmove.Begin(ctx, tx, r.Surface, r.Place.Channel, r.Args.Note)
}
