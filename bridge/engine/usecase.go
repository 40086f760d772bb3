package engine

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Case is the definition of one verb. U is the type that has the functions as methods. A Case sets exactly one of DoFirst, DoAnywhere,
// Do and DoInTx; those with Rules.IsSpeech set none, because the engine itself applies texts.
type Case[U any] struct {
	Rules

	// DoFirst handles events in the chat, such as the deletion of a message, whoever caused them. It is called before the conversation
	// is determined.
	DoFirst InTx[U]
	// DoAnywhere carries out a verb that needs no conversation.
	DoAnywhere InTx[U]
	// Do carries out the verb in a conversation. The caller has checked the rules.
	Do func(U, Request)
	// DoInTx replaces Do if the verb needs further queries.
	DoInTx InTx[U]
}

// InTx carries out a request within the batch's transaction.
type InTx[U any] func(U, context.Context, pgx.Tx, Request) error

// Within converts cases of U to cases of a type W that contains a U. of returns the U of a W.
func Within[W, U any](of func(W) U, cases []Case[U]) []Case[W] {
	list := make([]Case[W], len(cases))
	for i, c := range cases {
		list[i] = Case[W]{
			Rules:      c.Rules,
			DoFirst:    inTxWithin(of, c.DoFirst),
			DoAnywhere: inTxWithin(of, c.DoAnywhere),
			DoInTx:     inTxWithin(of, c.DoInTx),
		}
		if c.Do != nil {
			list[i].Do = func(w W, r Request) { c.Do(of(w), r) }
		}
	}
	return list
}

func inTxWithin[W, U any](of func(W) U, do InTx[U]) InTx[W] {
	if do == nil {
		return nil
	}
	return func(w W, ctx context.Context, tx pgx.Tx, r Request) error { return do(of(w), ctx, tx, r) }
}
