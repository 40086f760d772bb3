package engine

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

func moveChannelVerb() useCase {
	return useCase{Rules: Rules{Name: bridge.VerbMoveChannel}, DoFirst: beginMove}
}

// beginMove puts the new id of a channel into the settings, after a surface such as Slack has changed the id. The threads,
// posts and messages of the channel get the new id later, in batches (chores*.go).
func beginMove(_ *work, ctx context.Context, tx pgx.Tx, r Request) error {
	return store.BeginMove(ctx, tx, r.Surface, r.Place.Channel, r.Args.Note)
}
