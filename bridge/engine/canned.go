package engine

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// Canned replies: a typed command leads to the form of a reply, which begins with one. Nothing is sent without the form.

const maxOwnCanned = 200

func cannedVerb() useCase {
	return useCase{Rules: Rules{Name: bridge.VerbCanned}, Do: offerCanned}
}

func cannedListVerb() useCase {
	return useCase{Rules: Rules{Name: bridge.VerbCannedList, NoConversation: true}, DoAnywhere: answerBy(showCanned)}
}

func cannedEditVerb() useCase {
	return useCase{Rules: Rules{Name: bridge.VerbCannedEdit, NoConversation: true}, DoAnywhere: answerBy(changeCanned)}
}

// offerCanned answers a typed command with a button that opens the form of a reply.
func offerCanned(w *work, r Request) {
	args := bridge.Args{Conversation: r.Conversation.ID, Canned: &bridge.CannedArgs{Find: strings.TrimSpace(r.Args.Note)}}
	w.Confirm(r, bridge.Line{Args: args, Verbs: []bridge.Verb{bridge.VerbCanned}})
}

// showCanned lists the canned replies that the actor may use. The buttons change the actor's own.
func showCanned(w *work, ctx context.Context, tx pgx.Tx, r Request) (bridge.Line, error) {
	list, err := w.Reading.Canned(ctx, tx, r.Agent, bridge.Facts{})
	return bridge.Line{Content: &bridge.CannedLine{List: list, Admin: r.Agent.IsAdmin()}}, err
}

// changeCanned adds, changes or deletes a canned reply of the actor's own.
func changeCanned(w *work, ctx context.Context, tx pgx.Tx, r Request) (bridge.Line, error) {
	args := r.Args.Canned
	if args == nil || !r.Args.Remove && args.New == "" {
		return showCanned(w, ctx, tx, r)
	}
	list, err := store.OwnCanned(ctx, tx, r.Agent.ID)
	if err != nil {
		return bridge.Line{}, err
	}

	was := args.Keyword
	if i := store.FindCanned(list, was); i >= 0 {
		was = list[i].Keyword
	}
	now := store.Canned{Keyword: args.New, Topic: strings.Join(strings.Fields(args.Topic), " "), Text: strings.TrimSpace(r.Text)}
	isOther := !strings.EqualFold(now.Keyword, was)
	switch {
	case r.Args.Remove:
		return showsCanned(w, ctx, tx, r, store.ChangeOwnCanned(ctx, tx, r.Agent.ID, was))
	case !bridge.IsCannedKeyword(now.Keyword):
		return bridge.Line{}, &bridge.Problem{Code: "bad_keyword", Text: "A keyword is one word of letters, digits, - and _."}
	case now.Text == "" || utf8.RuneCountInString(now.Text) > bridge.MaxCannedRunes:
		return bridge.Line{}, &bridge.Problem{Code: "bad_text", Text: "The text is empty or too long."}
	case isOther && store.FindCanned(list, now.Keyword) >= 0:
		return bridge.Line{}, &bridge.Problem{Code: "keyword_taken", Text: "You have a canned reply “" + now.Keyword + "” already.",
			Hint: "Edit that one: !canned"}
	case len(list) >= maxOwnCanned:
		return bridge.Line{}, &bridge.Problem{Code: "too_many", Text: "You have very many canned replies already.",
			Hint: "Delete some first: !canned"}
	}
	return showsCanned(w, ctx, tx, r, store.ChangeOwnCanned(ctx, tx, r.Agent.ID, was, now))
}

// showsCanned shows the list after a change of it.
func showsCanned(w *work, ctx context.Context, tx pgx.Tx, r Request, err error) (bridge.Line, error) {
	if err != nil {
		return bridge.Line{}, err
	}
	return showCanned(w, ctx, tx, r)
}

// Canned returns the canned replies that user may use, with what is known of the conversation of f filled in; with the zero Facts, as
// they were written.
func (d *Desk) Canned(ctx context.Context, f bridge.Facts, user store.SurfaceUser) ([]bridge.Canned, error) {
	return d.e.reading.Canned(ctx, d.e.pool, d.agentOf(user), f)
}

// Canned returns the canned replies that an agent may use in the conversation of f.
func (in *Inbox) Canned(ctx context.Context, agent store.AgentID, f bridge.Facts) ([]bridge.Canned, error) {
	return in.desk.Canned(ctx, f, PageUser(agent))
}
