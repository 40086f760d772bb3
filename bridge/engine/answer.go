package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/permission"
	"parley/store"
)

const (
	maxWhyMessages = 30 // messages that are looked through for maxWhyTexts texts
	maxWhyTexts    = 5  // texts of which the answer tells what became of them
	maxWhyEntries  = 10 // entries of the log that the answer shows

	// maxTypedNumber is the largest number that is taken for a conversation's if there is no such conversation. A larger number
	// that somebody wants to find is taken for a phone number.
	maxTypedNumber = 9999
)

// This file answers the verbs that only read: help, lists, searches, a conversation's details, history, and why its texts went
// where they went. Only the actor, who asked, sees the answer.

// answerHelp tells the actor what can be asked for.
func (w *work) answerHelp(_ context.Context, _ pgx.Tx, r book.Request) error {
	w.Whisper(r, bridge.Line{
		Content: &bridge.HelpLine{About: r.Args.Note, Denied: permission.Denied(r.Agent)},
	})
	return nil
}

// answer applies a verb that only reads.
func (w *work) answer(ctx context.Context, tx pgx.Tx, r book.Request) error {
	line, err := w.answerLine(ctx, tx, r)
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

// latestDecisions returns what became of the latest texts that people typed in a conversation, those of this batch
// included, the newest first. Commands are left out.
func (w *work) latestDecisions(
	ctx context.Context, tx pgx.Tx, c *book.Conversation, surface store.AccountID,
) ([]bridge.Decided, error) {
	var p store.Pipeline
	var latest []store.Message
	p.LatestMessages(&latest, []store.ConversationID{c.ID}, maxWhyMessages, 0)
	if err := p.Run(ctx, tx); err != nil {
		return nil, err
	}

	latest = w.withBatch(latest, c)
	slices.SortFunc(latest, func(a, b store.Message) int { return book.CompareSaid(&b, &a) })

	var list []bridge.Decided
	for i := range latest {
		m := &book.Message{Message: latest[i]}
		isTypedText := m.AuthorUser != "" && m.Reason != bridge.ReasonCommand
		if !isTypedText || len(list) == maxWhyTexts {
			continue
		}

		list = append(list, bridge.Decided{
			At:     m.SaidAt,
			By:     w.Author(m, surface),
			Text:   book.Excerpt(m),
			Fate:   m.Fate,
			Reason: m.Reason,
		})
	}

	return list, nil
}

// withBatch returns stored messages of a conversation as they are in this batch, with those that the batch has added.
func (w *work) withBatch(stored []store.Message, c *book.Conversation) []store.Message {
	known := map[store.MessageID]bool{}
	for i := range stored {
		known[stored[i].ID] = true
		if now := w.Messages.Rows[stored[i].ID]; now != nil {
			stored[i] = now.Message
		}
	}

	for _, m := range w.Messages.Rows {
		isAdded := m.Fresh && !known[m.ID]
		if isAdded && m.ConversationID == c.ID {
			stored = append(stored, m.Message)
		}
	}

	return stored
}

// answerLine makes the line that answers a verb that only reads: a list, figures, the conversations that some words find, or
// something about one conversation.
// Errors: *Problem, for people; the database's.
func (w *work) answerLine(ctx context.Context, tx pgx.Tx, r book.Request) (bridge.Line, error) {
	if problem := permission.Authorize(r.Agent, r.Verb); problem != nil {
		return bridge.Line{}, problem
	}

	switch r.Verb {
	case bridge.VerbList:
		return w.listLine(ctx, tx, r.Agent, r.Surface, r.Args)
	case bridge.VerbStats:
		return w.workflow.Stats(ctx, tx, r.Agent, w.e.opt.Dashboard)
	case bridge.VerbFind:
		if words := wordsToFind(r); words != "" {
			line, err := w.foundLine(ctx, tx, r, words)
			if !isNumberMeant(r, line, err) {
				return line, err
			}
		}
	default: // the other verbs are about one conversation
	}

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
	return w.readConversation(ctx, tx, r)
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
	found := bridge.ListArgs{List: bridge.ListFound}
	return w.listLine(ctx, tx, r.Agent, r.Surface, bridge.Args{ListArgs: found, Note: words})
}

// listLine shows a page of a list, or of what was found.
func (w *work) listLine(
	ctx context.Context, tx pgx.Tx, agent *store.Agent, surface store.AccountID, args bridge.Args,
) (bridge.Line, error) {
	l, err := w.Reading.List(ctx, tx, surface, agent, w.Reading.As(agent), args.ListQuery())
	if err != nil {
		return bridge.Line{}, err
	}
	args.List = cmp.Or(args.List, l.List)
	return bridge.Line{Content: &bridge.ListLine{List: args.List, Rows: l.Rows, More: l.More, Hidden: l.Hidden}, Args: args}, nil
}

// noSuchConversation says that no conversation has a number.
func noSuchConversation(id store.ConversationID) *bridge.Problem {
	return &bridge.Problem{
		Code: "no_conversation",
		Text: fmt.Sprintf("There is no conversation #%d.", id),
		Hint: "Look it up: @Parley find NAME",
	}
}

// readConversation makes the line that shows something about one conversation.
// Errors: the database's.
func (w *work) readConversation(ctx context.Context, tx pgx.Tx, r book.Request) (line bridge.Line, err error) {
	if r.Verb == bridge.VerbFind || w.Posts.IsAskedElsewhere(r) { // both name the conversation
		if line.Other, err = w.Facts(ctx, tx, r.Conversation, r.Agent, r.Surface); err != nil {
			return bridge.Line{}, err
		}
	}

	switch r.Verb {
	case bridge.VerbFind:
		line.Content = bridge.LineDetails
	case bridge.VerbTimeline:
		line.Content, err = w.timelineOf(ctx, tx, r)
	case bridge.VerbWhy:
		line.Content, err = w.explainFates(ctx, tx, r)
	default: // VerbHistory
		var h bridge.History
		h, err = w.Reading.History(ctx, tx, r.Conversation.ID, r.Args.Page, w.Log.Entries...)
		line.Content = &bridge.HistoryLine{Log: h.Rows, More: h.More}
		line.Args = bridge.Args{Conversation: r.Conversation.ID, ListArgs: bridge.ListArgs{Page: h.Page}}
	}
	if err != nil {
		return bridge.Line{}, err
	}
	return line, nil
}

// explainFates returns what became of the latest texts that people typed in a conversation, what a model was asked about it, and the
// newest entries of its log.
func (w *work) explainFates(ctx context.Context, tx pgx.Tx, r book.Request) (*bridge.WhyLine, error) {
	decided, err := w.latestDecisions(ctx, tx, r.Conversation, r.Surface)
	if err != nil {
		return nil, err
	}
	asked, err := w.modelQuestions(ctx, tx, r.Conversation.ID)
	if err != nil {
		return nil, err
	}
	h, err := w.Reading.History(ctx, tx, r.Conversation.ID, r.Args.Page, w.Log.Entries...)
	if err != nil {
		return nil, err
	}
	return &bridge.WhyLine{Decided: decided, Asked: asked, Log: h.Rows[:min(len(h.Rows), maxWhyEntries)]}, nil
}
