package bridge

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/store"
)

const historyRows = 50

// answer does the verbs that only read: they change nothing and are answered to
// the actor alone.
func (w *work) answer(ctx context.Context, tx pgx.Tx, c *conv, agent *store.Agent, surface int64, a Action) (bool, error) {
	line := Line{Kind: LineHelp, Text: a.Args.Note}
	switch a.Verb {
	case VerbHelp:
	case VerbList:
		rows, err := w.e.list(ctx, tx, surface, agent, a.Args.List)
		if err != nil {
			return true, err
		}
		line = Line{Kind: LineList, Text: a.Args.List, Rows: rows}
	case VerbHistory, VerbWhy, VerbFind:
		if c == nil {
			w.refuse(nil, surface, a, "no_conversation", "I don't know which conversation you mean.", "Say which one: #12")
			return true, nil
		}
		if problem := Authorize(agent, a.Verb, c.Conversation); problem != nil {
			w.refuse(c, surface, a, problem.Code, problem.Text, problem.Hint)
			return true, nil
		}
		var err error
		if line, err = w.tell(ctx, tx, c, agent, surface, a); err != nil {
			return true, err
		}
	default:
		return false, nil
	}
	w.whisper(c, surface, a, line)
	return true, nil
}

func (w *work) tell(ctx context.Context, tx pgx.Tx, c *conv, agent *store.Agent, surface int64, a Action) (Line, error) {
	if a.Verb == VerbFind {
		facts, err := w.facts(ctx, tx, c, agent, surface)
		return Line{Kind: LineDetails, Other: facts}, err
	}
	rows, err := w.e.history(ctx, tx, c.ID, w.log...)
	if err != nil {
		return Line{}, err
	}
	if a.Verb == VerbWhy {
		if len(rows) > 10 {
			rows = rows[:10]
		}
		return Line{Kind: LineWhy, Log: rows}, nil
	}
	return Line{Kind: LineHistory, Log: rows}, nil
}
