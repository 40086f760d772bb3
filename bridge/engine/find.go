package engine

import (
	"context"
	"errors"
	"strconv"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/verb"
)

// maxTypedNumber is the largest number that is taken for a conversation's if there is no such conversation. A larger number
// that somebody wants to find is taken for a phone number.
const maxTypedNumber = 9999

func findVerb() useCase {
	return useCase{Rules: verb.Rules{Name: bridge.VerbFind, IsQuestion: true}, DoAnywhere: answerBy(find)}
}

// find shows the conversations that some words find, or the details of the one that a number or the thread names.
func find(w *work, ctx context.Context, tx pgx.Tx, r book.Request) (bridge.Line, error) {
	if words := wordsToFind(r); words != "" {
		line, err := w.foundLine(ctx, tx, r, words)
		if !isNumberMeant(r, line, err) {
			return line, err
		}
	}
	return aboutConversation(showDetails)(w, ctx, tx, r)
}

// showDetails shows the facts of a conversation.
func showDetails(w *work, ctx context.Context, tx pgx.Tx, r book.Request, line *bridge.Line) (err error) {
	line.Content = bridge.LineDetails
	if line.Other.ID != 0 {
		return nil // the facts were read because it was asked elsewhere
	}
	line.Other, err = w.Facts(ctx, tx, r)
	return err
}

// isNumberMeant reports whether digits that were looked for as words name a conversation instead: they are too few to look for, or
// nothing was found and there is a conversation of that number.
func isNumberMeant(r book.Request, found bridge.Line, err error) bool {
	areDigits := r.Args.Note != "" && r.Args.Conversation != 0
	if !areDigits {
		return false
	}
	if problem, ok := errors.AsType[*bridge.Problem](err); ok {
		return problem.Code == bridge.TooShort
	}
	l, ok := found.Content.(*bridge.ListLine)
	return ok && len(l.Rows) == 0 && r.Conversation != nil
}

// wordsToFind returns the words by which conversations are looked for, or "" if one is meant, by its number or by the thread.
func wordsToFind(r book.Request) string {
	if r.Args.Note != "" {
		return r.Args.Note
	}
	isPhoneNumber := r.Conversation == nil && r.Args.Conversation > maxTypedNumber
	if isPhoneNumber {
		return strconv.FormatInt(int64(r.Args.Conversation), 10)
	}
	return ""
}

// foundLine shows the first page of the conversations that some words find.
func (w *work) foundLine(ctx context.Context, tx pgx.Tx, r book.Request, words string) (bridge.Line, error) {
	r.Args = bridge.Args{ListArgs: bridge.ListArgs{List: bridge.ListFound}, Note: words}
	return w.listLine(ctx, tx, r)
}
