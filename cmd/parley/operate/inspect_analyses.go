package operate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"parley/bridge/analysis"
	"parley/store"
)

// Parley analyses what customers write: it finds out the language and the intent, for example, and suggests answers from
// the company's own documents. A language model does that if one is configured, and otherwise Parley's own rules. This
// file checks the analysis for `parley doctor`.

// lateBurst is how long a customer's messages may wait for their analysis.
const lateBurst = 5 * time.Minute

// checkAnalyses checks the analysis of customers' messages. No finding is Wrong, because everything else works without it.
func (o Options) checkAnalyses(ctx context.Context) Section {
	s := Section{Name: "analysis"}
	if o.Model == nil {
		s.addGood("model", "none: rules and word lists read what customers write, and nothing is sent anywhere")
	} else {
		o.checkModel(ctx, &s)
	}

	o.checkTokens(ctx, &s)
	o.checkKnowledge(ctx, &s)
	o.checkWaiting(ctx, &s)
	return s
}

// checkWaiting checks that customers' messages don't wait for their analysis for too long. A burst is a series of messages
// that is analysed together.
func (o Options) checkWaiting(ctx context.Context, s *Section) {
	waiting, err := store.ReadStats(ctx, o.Pool)
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
}

// checkModel asks the model a question, and adds the condition of the model that parley serve reported last.
func (o Options) checkModel(ctx context.Context, s *Section) {
	if c := o.Model.Probe(ctx); c.Status == analysis.Working {
		s.addGood("model", "it answers")
	} else {
		s.addOdd("model", c.Text, c.Hint+" Until then rules read what customers write.")
	}

	switch c, err := store.FindAICondition(ctx, o.Pool); {
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

// checkTokens reports for each account how many of the model's tokens it used today, and whether a limit kept Parley from
// asking the model.
func (o Options) checkTokens(ctx context.Context, s *Section) {
	today, err := store.AITokensToday(ctx, o.Pool)
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
		i := slices.IndexFunc(today, func(t store.AITokens) bool { return t.Account == a.ID })
		if i < 0 {
			continue
		}

		what := "tokens of " + a.Name
		tokens, refused := today[i].Tokens, int(today[i].Refused)
		if refused == 0 {
			s.addGood(what, "%d today", tokens)
			continue
		}
		s.addOdd(what, fmt.Sprintf("%d today; the limit of a day left %s unasked, which rules read", tokens, count(refused, "question")),
			"Wait until midnight UTC, or raise ai_tokens_a_day (or PARLEY_AI_TOKENS_A_DAY).")
	}
}

// staleKnowledge is how long ago a folder or website may have been read. parley serve reads each every six hours.
const staleKnowledge = 24 * time.Hour

// checkKnowledge reports on each folder and website with the company's documents: when it was read, how much was found,
// and what could not be read.
func (o Options) checkKnowledge(ctx context.Context, s *Section) {
	places, placesErr := store.KnowledgeStates(ctx, o.Pool)
	if placesErr == nil && len(places) == 0 {
		return
	}

	now, nowErr := store.Now(ctx, o.Pool)
	if err := errors.Join(placesErr, nowErr); err != nil {
		s.addOdd("knowledge", "it can't be read: "+err.Error(), "See the database's log.")
		return
	}

	for _, p := range places {
		what := "knowledge " + p.KnowledgePlace.Place
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
