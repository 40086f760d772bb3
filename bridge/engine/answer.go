package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/usecase"
	"parley/bridge/engine/verb"
	"parley/store"
)

// This file answers the verbs that only read: help, lists, figures, and what is told of one conversation, such as its history. Only
// the actor, who asked, sees the answer. Searches are in find.go, and why texts went where they went is in why.go.

func helpVerb() useCase {
	return useCase{Rules: verb.Rules{Name: bridge.VerbHelp, NoConversation: true}, DoAnywhere: (*work).answerHelp}
}

func listVerb() useCase {
	return useCase{Rules: verb.Rules{Name: bridge.VerbList, NoConversation: true}, DoAnywhere: answerBy((*work).listLine)}
}

func statsVerb() useCase {
	return useCase{Rules: verb.Rules{Name: bridge.VerbStats, NoConversation: true}, DoAnywhere: answerBy((*work).stats)}
}

func historyVerb() useCase {
	return useCase{
		Rules:      verb.Rules{Name: bridge.VerbHistory, IsQuestion: true},
		DoAnywhere: answerBy(aboutConversation((*work).showHistory)),
	}
}

// answerHelp tells the actor what can be asked for.
func (w *work) answerHelp(_ context.Context, _ pgx.Tx, r book.Request) error {
	w.Whisper(r, bridge.Line{Content: &bridge.HelpLine{About: r.Args.Note, Denied: w.Verbs.Denied(r.Agent)}})
	return nil
}

// answer makes the line that answers a verb that only reads.
// Errors: *Problem, for people; the database's.
type answer func(*work, context.Context, pgx.Tx, book.Request) (bridge.Line, error)

// answerBy makes the use case that shows an answer to the actor, or why there is none.
func answerBy(makeLine answer) usecase.InTx[*work] {
	return func(w *work, ctx context.Context, tx pgx.Tx, r book.Request) error {
		if problem := w.Verbs.Authorize(r.Agent, r.Verb); problem != nil {
			refuseFor(w, r, problem)
			return nil
		}
		line, err := makeLine(w, ctx, tx, r)
		if problem, ok := errors.AsType[*bridge.Problem](err); ok {
			refuseFor(w, r, problem)
			return nil
		}
		if err != nil {
			return err
		}
		w.Whisper(r, line)
		return nil
	}
}

// aboutConversation makes the answer to a verb that shows something about one conversation. fill makes what the line says of it.
func aboutConversation(fill func(*work, context.Context, pgx.Tx, book.Request, *bridge.Line) error) answer {
	return func(w *work, ctx context.Context, tx pgx.Tx, r book.Request) (line bridge.Line, err error) {
		if r.Conversation == nil {
			if r.Args.Conversation != 0 {
				return bridge.Line{}, noSuchConversation(r.Args.Conversation)
			}
			return bridge.Line{}, &bridge.Problem{
				Code: "no_conversation",
				Text: "I don't know which conversation you mean.",
				Hint: "Say which one: #12",
			}
		}
		if problem := w.Authorize(r, r.Verb); problem != nil {
			return bridge.Line{}, problem
		}

		if w.Posts.IsAskedElsewhere(r) { // then the answer names the conversation
			if line.Other, err = w.Facts(ctx, tx, r); err != nil {
				return bridge.Line{}, err
			}
		}
		if err := fill(w, ctx, tx, r, &line); err != nil {
			return bridge.Line{}, err
		}
		return line, nil
	}
}

// stats shows the week's figures of the actor's teams.
func (w *work) stats(ctx context.Context, tx pgx.Tx, r book.Request) (bridge.Line, error) {
	return w.workflow.Stats(ctx, tx, r.Agent, w.e.opt.Dashboard)
}

// listLine shows a page of the list that a request names, or of what was found.
func (w *work) listLine(ctx context.Context, tx pgx.Tx, r book.Request) (bridge.Line, error) {
	args := r.Args
	l, err := w.Reading.List(ctx, tx, r.Surface, r.Agent, w.Reading.As(r.Agent), args.ListQuery())
	if err != nil {
		return bridge.Line{}, err
	}
	args.List = cmp.Or(args.List, l.List)
	return bridge.Line{Content: &bridge.ListLine{List: args.List, Rows: l.Rows, More: l.More, Hidden: l.Hidden}, Args: args}, nil
}

// showHistory shows a page of a conversation's log.
func (w *work) showHistory(ctx context.Context, tx pgx.Tx, r book.Request, line *bridge.Line) error {
	h, err := w.Reading.History(ctx, tx, r.Conversation.ID, r.Args.Page, w.Log.Entries...)
	if err != nil {
		return err
	}
	line.Content = &bridge.HistoryLine{Log: h.Rows, More: h.More}
	line.Args = bridge.Args{Conversation: r.Conversation.ID, ListArgs: bridge.ListArgs{Page: h.Page}}
	return nil
}

// noSuchConversation says that no conversation has a number.
func noSuchConversation(id store.ConversationID) *bridge.Problem {
	return &bridge.Problem{
		Code: "no_conversation",
		Text: fmt.Sprintf("There is no conversation #%d.", id),
		Hint: "Look it up: @Parley find NAME",
	}
}

// refuseFor tells whoever asked for something why it isn't done.
func refuseFor(w *work, r book.Request, problem *bridge.Problem) {
	w.Refuse(r, problem.Code, problem.Text, problem.Hint)
}
