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

// checkAnalyses examines what reads customers' messages. Nothing in it is called broken: without an analysis everything
// else goes on.
func (o Options) checkAnalyses(ctx context.Context) Section {
	s := Section{Name: "analysis"}
	if o.Model == nil {
		s.addGood("model", "none: rules and word lists read what customers write, and nothing is sent anywhere")
	} else {
		o.checkModel(ctx, &s)
	}

	o.checkTokens(ctx, &s)
	o.checkKnowledge(ctx, &s)
	waits, err := stats.Read(ctx, o.Pool)
	isLate := waits.Bursts > 0 && waits.BurstsOldest > lateBurst.Seconds()
	switch {
	case err != nil:
		s.addOdd("waiting", "it can't be read: "+err.Error(), "See the database's log.")
	case isLate:
		s.addOdd("waiting", count(waits.Bursts, "conversation")+" to be analysed, the oldest for "+roundDuration(time.Duration(waits.BurstsOldest*float64(time.Second))),
			"Is parley serve running, and does the model answer in time? Messages and replies don't wait for it.")
	default:
		s.addGood("waiting", "%s to be analysed", count(waits.Bursts, "conversation"))
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

// checkTokens tells what the model cost today, and which accounts have used up what they may.
func (o Options) checkTokens(ctx context.Context, s *Section) {
	list, err := ai.TokensToday(ctx, o.Pool)
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
		i := slices.IndexFunc(list, func(t ai.DayTokens) bool { return t.Account == a.ID })
		switch {
		case i < 0:
		case list[i].Refused > 0:
			s.addOdd("tokens of "+a.Name, fmt.Sprintf("%d today; the limit of a day left %s unasked, which rules read", list[i].Tokens, count(int(list[i].Refused), "question")),
				"Wait until midnight UTC, or raise ai_tokens_a_day (or PARLEY_AI_TOKENS_A_DAY).")
		default:
			s.addGood("tokens of "+a.Name, "%d today", list[i].Tokens)
		}
	}
}

// staleKnowledge is how long a folder or site may go without a look before the doctor wonders: it is looked through
// four times as often.
const staleKnowledge = 24 * time.Hour

// checkKnowledge tells what was read of each folder and site, when, and what could not be.
func (o Options) checkKnowledge(ctx context.Context, s *Section) {
	places, err := knowledge.States(ctx, o.Pool)
	if err == nil && len(places) == 0 {
		return
	}

	now, failed := store.Now(ctx, o.Pool)
	if err = errors.Join(err, failed); err != nil {
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
