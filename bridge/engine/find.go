package engine

import (
	"context"
	"errors"
	"strconv"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
)

// This file answers the verb find, whose argument is ambiguous: "!find 12" can mean conversation #12, or conversations that contain
// "12"; "!find 4917012345" is probably a phone number. Digits are searched for first. If that finds nothing, they are taken for the
// number of a conversation. Without an argument find shows the details of the thread's conversation.

// maxTypedNumber is the largest number that is taken for a conversation's number even if no such conversation exists. Larger ones
// are taken for phone numbers.
const maxTypedNumber = 9999

func findVerb() useCase {
	return useCase{Rules: Rules{Name: bridge.VerbFind, IsQuestion: true}, DoAnywhere: answerBy(find)}
}

// find shows the conversations that match some words, or the details of one conversation, which a number or the thread identifies.
func find(w *work, ctx context.Context, tx pgx.Tx, r Request) (bridge.Line, error) {
	if words := wordsToFind(r); words != "" {
		line, err := w.foundLine(ctx, tx, r, words)
		if !isNumberMeant(r, line, err) {
			return line, err
		}
	}
	return aboutConversation(showDetails)(w, ctx, tx, r)
}

// showDetails shows the facts of a conversation.
func showDetails(w *work, ctx context.Context, tx pgx.Tx, r Request, line *bridge.Line) (err error) {
	line.Content = bridge.LineDetails
	if line.Other.ID != 0 {
		return nil // aboutConversation has read the facts, because find was typed outside the thread
	}
	line.Other, err = w.Facts(ctx, tx, r)
	return err
}

// isNumberMeant reports whether digits, after a search for them as words (found, err), are the number of a conversation instead: they
// are too few for a search, or nothing was found and a conversation has that number.
func isNumberMeant(r Request, found bridge.Line, err error) bool {
	areDigits := r.Args.Note != "" && r.Args.Conversation != 0
	if !areDigits {
		return false
	}
	if problem, ok := errors.AsType[*bridge.Problem](err); ok {
		return problem.Code == bridge.TooShort
	}
	list, ok := found.Content.(*bridge.ListLine)
	foundNothing := ok && len(list.Rows) == 0
	return foundNothing && r.Conversation != nil
}

// wordsToFind returns the words to search for, or "" if the request is for one conversation, by its number or its thread.
func wordsToFind(r Request) string {
	if r.Args.Note != "" {
		return r.Args.Note
	}
	isPhoneNumber := r.Conversation == nil && r.Args.Conversation > maxTypedNumber
	if isPhoneNumber {
		return strconv.FormatInt(int64(r.Args.Conversation), 10)
	}
	return ""
}

// foundLine shows the first page of the conversations that match some words.
func (w *work) foundLine(ctx context.Context, tx pgx.Tx, r Request, words string) (bridge.Line, error) {
	r.Args = bridge.Args{ListArgs: bridge.ListArgs{List: bridge.ListFound}, Note: words}
	return w.listLine(ctx, tx, r)
}
