package inspect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"parley/bridge/analysis"
	"parley/store"
	"parley/store/ai"
	"parley/store/knowledge"
	"parley/store/stats"
)

// lateBurst is how long what a customer wrote may wait for its analysis before the doctor wonders.
const lateBurst = 5 * time.Minute

// checkAnalyses examines what reads customers' messages. None of its findings is Wrong: without an analysis everything else
// goes on.
func (o Options) checkAnalyses(ctx context.Context) Section {
	s := Section{Name: "analysis"}
	if o.Model == nil {
		s.addGood("model", "none: rules and word lists read what customers write, and nothing is sent anywhere")
	} else {
		o.checkModel(ctx, &s)
	}

	o.checkTokens(ctx, &s)
	o.checkKnowledge(ctx, &s)
	waiting, err := stats.Read(ctx, o.Pool)
	bursts := count(waiting.Bursts, "conversation") + " to be analysed"
	isLate := waiting.Bursts > 0 && waiting.BurstsOldest > lateBurst.Seconds()
	switch {
	case err != nil:
		s.addOdd("waiting", "it can't be read: "+err.Error(), "See the database's log.")
	case isLate:
		s.addOdd("waiting", bursts+", the oldest for "+roundDuration(time.Duration(waiting.BurstsOldest*float64(time.Second))),
			"Is parley serve running, and does the model answer in time? Messages and replies don't wait for it.")
	default:
		s.addGood("waiting", "%s", bursts)
	}

	return s
}

// checkModel asks the model, and adds what the running Parley last saw of it.
func (o Options) checkModel(ctx context.Context, s *Section) {
	if c := o.Model.Probe(ctx); c.Status == analysis.Working {
		s.addGood("model", "it answers")
	} else {
		s.addOdd("model", c.Text, c.Hint+" Until then rules read what customers write.")
	}

	switch c, err := ai.FindCondition(ctx, o.Pool); {
	case err != nil:
		s.addOdd("condition", "it can't be read: "+err.Error(), "See the database's log.")
	case c == nil:
		s.addGood("condition", "parley serve has not asked it yet")
	case c.Status == string(analysis.Working):
		s.addGood("condition", "no fault was reported")
	default:
		s.addOdd("condition", "since "+c.Since.UTC().Format("2006-01-02 15:04:05")+" UTC: "+c.Text, c.Hint)
	}
}

// checkTokens tells for each account how many tokens the model took today, and whether a limit left questions unasked.
func (o Options) checkTokens(ctx context.Context, s *Section) {
	today, err := ai.TokensToday(ctx, o.Pool)
	if err != nil {
		s.addOdd("tokens", "they can't be read: "+err.Error(), "See the database's log.")
		return
	}

	accounts, err := store.ListAccounts(ctx, o.Pool)
	if err != nil {
		s.addOdd("tokens", "accounts can't be read: "+err.Error(), "See the database's log.")
		return
	}

	for _, a := range accounts {
		i := slices.IndexFunc(today, func(t ai.DayTokens) bool { return t.Account == a.ID })
		if i < 0 {
			continue
		}
		what, tokens := "tokens of "+a.Name, today[i].Tokens
		if refused := int(today[i].Refused); refused > 0 {
			s.addOdd(what, fmt.Sprintf("%d today; the limit of a day left %s unasked, which rules read", tokens, count(refused, "question")),
				"Wait until midnight UTC, or raise ai_tokens_a_day (or PARLEY_AI_TOKENS_A_DAY).")
		} else {
			s.addGood(what, "%d today", tokens)
		}
	}
}

// staleKnowledge is how long a folder or site may go without a look before the doctor wonders: it is looked through
// four times as often.
const staleKnowledge = 24 * time.Hour

// checkKnowledge tells what was read of each folder and site, when, and what could not be.
func (o Options) checkKnowledge(ctx context.Context, s *Section) {
	places, placesErr := knowledge.States(ctx, o.Pool)
	if placesErr == nil && len(places) == 0 {
		return
	}

	now, nowErr := store.Now(ctx, o.Pool)
	if err := errors.Join(placesErr, nowErr); err != nil {
		s.addOdd("knowledge", "it can't be read: "+err.Error(), "See the database's log.")
		return
	}

	for _, p := range places {
		what := "knowledge " + p.Place.Place
		if p.ReadAt == nil {
			s.addGood(what, "not looked through yet; parley serve does so within a minute")
			continue
		}

		ago := now.Sub(*p.ReadAt)
		read := fmt.Sprintf("%s, %s, looked through %s ago", count(p.Pages, "page"), count(p.Sections, "section"), roundDuration(ago))
		switch {
		case p.Problem != "":
			s.addOdd(what, read+". "+p.Problem, "What was read before is used on. It is tried again every six hours.")
		case ago > staleKnowledge:
			s.addOdd(what, read, "Is parley serve running?")
		default:
			s.addGood(what, "%s", read)
		}
	}
}
