// Package usecase ties a verb to what applies it. Each verb is one value, a Case, which stands in the file of what applies it;
// the packages of use cases list theirs.
package usecase

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge/engine/book"
	"parley/bridge/engine/verb"
)

// Case is a verb as the engine knows it: its rules, what has to be read for it, and what applies it. U is the type of the use cases
// by which it is applied. A Case has one of DoFirst, DoAnywhere, Do and DoInTx, unless it is speech, which the engine applies.
type Case[U any] struct {
	verb.Rules

	// Wants adds what else the batch has to read for the verb. It is nil if there is nothing else.
	Wants func(U, *book.Prefetch, book.Request)

	// DoFirst applies what happened to a message or a channel, whoever did it. It is called before the conversation is looked for.
	DoFirst InTx[U]
	// DoAnywhere applies a verb that needs no conversation.
	DoAnywhere InTx[U]
	// Do applies the verb to a conversation.
	Do func(U, book.Request)
	// DoInTx takes the place of Do where the verb needs more of the database than the batch has read.
	DoInTx InTx[U]
}

// InTx applies a request, and may use the batch's transaction.
type InTx[U any] func(U, context.Context, pgx.Tx, book.Request) error

// Within returns the same cases for what holds their use cases: of returns these.
func Within[W, U any](of func(W) U, cases []Case[U]) []Case[W] {
	list := make([]Case[W], len(cases))
	for i, c := range cases {
		list[i] = Case[W]{
			Rules:      c.Rules,
			DoFirst:    inTxWithin(of, c.DoFirst),
			DoAnywhere: inTxWithin(of, c.DoAnywhere),
			DoInTx:     inTxWithin(of, c.DoInTx),
		}
		if c.Wants != nil {
			list[i].Wants = func(w W, n *book.Prefetch, r book.Request) { c.Wants(of(w), n, r) }
		}
		if c.Do != nil {
			list[i].Do = func(w W, r book.Request) { c.Do(of(w), r) }
		}
	}
	return list
}

func inTxWithin[W, U any](of func(W) U, do InTx[U]) InTx[W] {
	if do == nil {
		return nil
	}
	return func(w W, ctx context.Context, tx pgx.Tx, r book.Request) error { return do(of(w), ctx, tx, r) }
}
