package engine

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// useCase carries out one verb: what a person asks for by a command, a button, a form or an emoji. It sets exactly one of DoFirst,
// DoAnywhere, Do and DoInTx; those with Rules.IsSpeech set none, because the engine itself applies texts.
type useCase struct {
	Rules

	// DoFirst handles events in the chat, such as the deletion of a message, whoever caused them. It is called before the conversation
	// is determined.
	DoFirst inTx
	// DoAnywhere carries out a verb that needs no conversation.
	DoAnywhere inTx
	// Do carries out the verb in a conversation. The caller has checked the rules.
	Do func(*work, Request)
	// DoInTx replaces Do if the verb needs further queries.
	DoInTx inTx
}

// inTx carries out a request within the batch's transaction.
type inTx func(*work, context.Context, pgx.Tx, Request) error
