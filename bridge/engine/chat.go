package engine

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

func chatVerb() useCase {
	return useCase{Rules: Rules{Name: bridge.VerbChat}, DoAnywhere: answerBy((*work).openChat)}
}

// openChat leads the actor to the chat program's own conversation with a colleague.
func (w *work) openChat(ctx context.Context, tx pgx.Tx, r Request) (line bridge.Line, err error) {
	if len(r.Args.Agents) != 1 {
		return line, &bridge.Problem{
			Code: "one_person", Text: "A chat is with one person.", Hint: "Name one: !chat @ann, or yourself: !chat me",
		}
	}
	with := w.Dir.Find(r.Surface, r.Args.Agents[0])
	if r.Args.Agents[0] == "me" {
		with = r.Agent
	}
	if with == nil {
		return line, unknownAgent(r.Args.Agents[0])
	}
	chat := store.Chat{AgentID: with.ID}
	switch {
	case r.Conversation != nil:
		if problem := w.Authorize(r, r.Verb); problem != nil {
			return line, problem
		}
		chat.ConversationID = r.Conversation.ID
		if line.Other, err = w.Facts(ctx, tx, r); err != nil {
			return line, err
		}
	case r.Args.Conversation != 0:
		return line, noSuchConversation(r.Args.Conversation)
	}
	line.Content = &bridge.ChatLine{With: w.Dir.Ref(r.Surface, with.ID), IsSelf: with.ID == r.Agent.ID}
	return line, store.AddChat(ctx, tx, r.Agent.ID, chat)
}
