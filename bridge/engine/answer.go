package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// This file answers the verbs (commands of agents) that only read: help, lists, statistics, and a conversation's history. Only the
// agent who asked sees the answer. For example, "!history" in a customer's thread shows the latest log entries of the conversation.
// find.go answers searches; why.go explains why texts were sent or kept back.

func helpVerb() useCase {
	return useCase{Rules: Rules{Name: bridge.VerbHelp, NoConversation: true}, DoAnywhere: (*work).answerHelp}
}

func listVerb() useCase {
	return useCase{Rules: Rules{Name: bridge.VerbList, NoConversation: true}, DoAnywhere: answerBy((*work).listLine)}
}

func nextVerb() useCase {
	return useCase{Rules: Rules{Name: bridge.VerbNext, NoConversation: true}, DoAnywhere: answerBy((*work).next)}
}

func todayVerb() useCase {
	return useCase{Rules: Rules{Name: bridge.VerbToday, NoConversation: true}, DoAnywhere: answerBy((*work).today)}
}

func statsVerb() useCase {
	return useCase{Rules: Rules{Name: bridge.VerbStats, NoConversation: true}, DoAnywhere: answerBy((*work).stats)}
}

func historyVerb() useCase {
	return useCase{
		Rules:      Rules{Name: bridge.VerbHistory, IsQuestion: true},
		DoAnywhere: answerBy(aboutConversation((*work).showHistory)),
	}
}

func notesVerb() useCase {
	return useCase{
		Rules:      Rules{Name: bridge.VerbNotes, IsQuestion: true},
		DoAnywhere: answerBy(aboutConversation((*work).showNotes)),
	}
}

// answerHelp shows the verbs that the actor may use.
func (w *work) answerHelp(_ context.Context, _ pgx.Tx, r Request) error {
	w.Whisper(r, bridge.Line{Content: &bridge.HelpLine{About: r.Args.Note, Denied: w.Verbs.Denied(r.Agent)}})
	return nil
}

// answer makes the line that answers a verb. It returns a *bridge.Problem, worded for people, if the verb is refused.
type answer func(*work, context.Context, pgx.Tx, Request) (bridge.Line, error)

// answerBy makes a use case that checks the actor's permission, and shows the answer or the problem to the actor alone.
func answerBy(makeLine answer) inTx {
	return func(w *work, ctx context.Context, tx pgx.Tx, r Request) error {
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

// aboutConversation makes the answer to a verb that shows something about one conversation. It checks that the conversation exists
// and that the actor may see it; fill then sets the line's content.
func aboutConversation(fill func(*work, context.Context, pgx.Tx, Request, *bridge.Line) error) answer {
	return func(w *work, ctx context.Context, tx pgx.Tx, r Request) (line bridge.Line, err error) {
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

		if w.Posts.IsAskedElsewhere(r) { // asked outside its thread: the answer has to name the conversation
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

// stats shows the statistics of the last seven days, for the actor's teams.
func (w *work) stats(ctx context.Context, tx pgx.Tx, r Request) (bridge.Line, error) {
	return w.Stats(ctx, tx, r.Agent, w.e.opt.Dashboard)
}

// listLine shows a page of the list or of the search results that a request names.
func (w *work) listLine(ctx context.Context, tx pgx.Tx, r Request) (bridge.Line, error) {
	args := r.Args
	page, err := w.Reading.List(ctx, tx, r.Surface, r.Agent, w.Reading.As(r.Agent), args.ListQuery())
	if err != nil {
		return bridge.Line{}, err
	}
	args.List = cmp.Or(args.List, page.List)
	args.View = page.ListView
	list := &bridge.ListLine{List: args.List, Rows: page.Rows, More: page.More, Next: page.Next, Hidden: page.Hidden, Counts: page.Counts}
	list.Unread, list.Chats = page.Unread, page.Chats
	return bridge.Line{Content: list, Args: args}, nil
}

// next shows the conversation that the actor should turn to: the most pressing of the actor's own in which the customer waits, or else
// of those that nobody has. It isn't the one in which the actor asks.
func (w *work) next(ctx context.Context, tx pgx.Tx, r Request) (bridge.Line, error) {
	found := &bridge.ListLine{List: bridge.ListNext}
	for _, list := range []bridge.ListName{bridge.ListMine, bridge.ListUnassigned} {
		page, err := w.Reading.List(ctx, tx, r.Surface, r.Agent, w.Reading.As(r.Agent), bridge.ListQuery{List: list, Limit: 2})
		if err != nil {
			return bridge.Line{}, err
		}
		for _, row := range page.Rows {
			isHere := row.ID == r.Args.Conversation || r.Conversation != nil && row.ID == r.Conversation.ID
			isIdle := list == bridge.ListMine && row.WaitingSince.IsZero()
			if !isHere && !isIdle && len(found.Rows) == 0 {
				found.Rows = []bridge.Facts{row}
			}
		}
		if len(found.Rows) > 0 {
			break
		}
	}
	return bridge.Line{Content: found}, nil
}

// maxToday limits the conversations in the answer to "!today".
const maxToday = 10

// today shows what the day has for the actor, and the most pressing of the actor's conversations.
func (w *work) today(ctx context.Context, tx pgx.Tx, r Request) (bridge.Line, error) {
	query := bridge.ListQuery{List: bridge.ListMine, Today: true}
	page, err := w.Reading.List(ctx, tx, r.Surface, r.Agent, w.Reading.As(r.Agent), query)
	if err != nil {
		return bridge.Line{}, err
	}
	rows := page.Rows[:min(len(page.Rows), maxToday)]
	return bridge.Line{Content: &bridge.ListLine{List: bridge.ListToday, Rows: rows, Hidden: page.Hidden, Day: page.Day}}, nil
}

func severalVerb() useCase {
	return useCase{Rules: Rules{Name: bridge.VerbSeveral, NoConversation: true}, DoAnywhere: answerBy((*work).several)}
}

// takesBack has the verb that takes another one back.
var takesBack = map[bridge.Verb]bridge.Verb{ //nolint:gochecknoglobals // a table
	bridge.VerbResolve: bridge.VerbReopen, bridge.VerbSnooze: bridge.VerbWake, bridge.VerbTag: bridge.VerbUntag,
	bridge.VerbTake: bridge.VerbUnassign, bridge.VerbAssign: bridge.VerbUnassign,
}

// hadBefore reports whether a conversation had something before that would be lost if what a request asks for were taken back.
func (w *work) hadBefore(r Request) bool {
	c := r.Conversation
	if r.Verb == bridge.VerbTag {
		return slices.ContainsFunc(w.Dir.CurrentTagNames(c.Tags), func(has string) bool {
			return slices.ContainsFunc(r.Args.Tags, func(name string) bool { return strings.EqualFold(has, w.Tags.SpellingOf(TidyTag(name))) })
		})
	}
	if takesBack[r.Verb] == bridge.VerbUnassign {
		return len(c.Assignees) > 0
	}
	return c.BridgeStatus() == bridge.StatusSnoozed
}

// several tells what became of several conversations, for each of which the same was asked just before (Action.Apart). It can be
// taken back where nothing is lost by that.
func (w *work) several(_ context.Context, _ pgx.Tx, r Request) (bridge.Line, error) {
	if len(r.Args.Of) == 0 {
		return bridge.Line{}, &bridge.Problem{
			Code: "nothing_chosen", Text: "There is nothing to do.", Hint: "Choose in the list: Select several.",
		}
	}
	told := &bridge.SeveralLine{Do: r.Args.Do, Not: w.Not}
	line := bridge.Line{Content: told, Verb: r.Verb}
	for _, id := range r.Args.Of {
		if slices.ContainsFunc(w.Not, func(n bridge.SeveralNot) bool { return n.ID == id }) {
			continue
		}
		told.Done++
		if !slices.Contains(w.held, id) {
			line.Args.Of = append(line.Args.Of, id)
			line.Args.Until = w.Conversations.Get(id).SnoozedAs()
		}
	}
	line.Args.Do, line.Args.Tags = takesBack[r.Args.Do], r.Args.Tags
	line.Args.Agents = r.Args.Agents
	if r.Args.Do == bridge.VerbTake {
		line.Args.Agents = []string{string(r.Actor.ID)}
	}
	if line.Args.Do != "" && len(line.Args.Of) > 0 {
		line.Verbs = []bridge.Verb{bridge.VerbSeveral}
	}
	w.Not, w.held = nil, nil
	if r.Surface == store.SystemAccount { // nobody is whispered to on Parley's own pages
		w.Log.RecordSeveral(r, told, line)
	}
	return line, nil
}

// showHistory shows a page of a conversation's log.
func (w *work) showHistory(ctx context.Context, tx pgx.Tx, r Request, line *bridge.Line) error {
	page, err := w.Reading.History(ctx, tx, r.Conversation.ID, r.Args.Page, w.Log.Entries...)
	if err != nil {
		return err
	}
	line.Content = &bridge.HistoryLine{Log: page.Rows, More: page.More}
	line.Args = bridge.Args{Conversation: r.Conversation.ID, ListArgs: bridge.ListArgs{Page: page.Page}}
	return nil
}

// showNotes lists the newest notes of a conversation, with a button to add one.
func (w *work) showNotes(ctx context.Context, tx pgx.Tx, r Request, line *bridge.Line) error {
	rows, err := w.Reading.Notes(ctx, tx, r.Conversation.ID)
	if err != nil {
		return err
	}
	line.Content = &bridge.HistoryLine{Log: rows, OnlyNotes: true}
	line.Args = bridge.Args{Conversation: r.Conversation.ID}
	return nil
}

// noSuchConversation is the problem of a request whose conversation number doesn't exist.
func noSuchConversation(id store.ConversationID) *bridge.Problem {
	return &bridge.Problem{
		Code: "no_conversation",
		Text: fmt.Sprintf("There is no conversation #%d.", id),
		Hint: "Look it up: @Parley find NAME",
	}
}

// refuseFor refuses a request and shows the problem to its actor.
func refuseFor(w *work, r Request, problem *bridge.Problem) {
	w.Refuse(r, problem.Code, problem.Text, problem.Hint)
}
