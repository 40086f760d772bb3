package chores

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/analysis/anonymous"
	"parley/bridge/engine/clean"
	"parley/bridge/engine/directory"
	"parley/store"
	"parley/store/solved"
)

const (
	solvedInterval    = 2 * time.Second
	solvedBatch       = 20   // conversations that are learned from in one transaction
	maxSolvedMessages = 30   // the latest messages of each
	maxReadRunes      = 5000 // of what was asked, and of what was answered, before they are made anonymous
	maxSolvedRunes    = 1200 // of what was asked, and of what was answered, that are kept
)

// learn keeps what was asked and answered in resolved conversations, made anonymous: later analyses suggest replies by it.
// Without an Analyzer it keeps nothing. Texts are made anonymous before a transaction begins, because that takes time.
func (as *Analyses) learn(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, tidyTimeout)
	defer cancel()

	for more := true; more; {
		due, err := solved.ReadDue(ctx, as.pool, solvedBatch)
		if err != nil || len(due) == 0 {
			return err
		}

		more = len(due) == solvedBatch
		var examples []solved.Solved
		if as.host.Analyzer() != nil {
			if examples, err = as.examplesOf(ctx, due); err != nil {
				return err
			}
		}

		if err := store.InTx(ctx, as.pool, func(tx pgx.Tx) error { return keepTaken(ctx, tx, due, examples) }); err != nil {
			return err
		}
	}

	return nil
}

// keepTaken keeps the examples of those conversations that are still resolved as they were when they were read.
func keepTaken(ctx context.Context, tx pgx.Tx, due []solved.Due, examples []solved.Solved) error {
	taken, err := solved.TakeDue(ctx, tx, due)
	if err != nil {
		return err
	}
	for i := range examples {
		if !slices.Contains(taken, examples[i].ConversationID) {
			continue
		}
		if err := solved.Keep(ctx, tx, examples[i]); err != nil {
			return err
		}
	}
	return nil
}

// examplesOf reads conversations, and returns what of them may help to answer others.
func (as *Analyses) examplesOf(ctx context.Context, due []solved.Due) (examples []solved.Solved, err error) {
	ids := make([]store.ConversationID, len(due))
	for i := range due {
		ids[i] = due[i].ConversationID
	}

	conversations, err := store.Conversations(ctx, as.pool, ids...)
	if err != nil {
		return nil, err
	}

	messages, err := store.LatestMessages(ctx, as.pool, ids, maxSolvedMessages)
	if err != nil {
		return nil, err
	}

	slices.Reverse(messages)

	for i := range conversations {
		c := &conversations[i]
		a := as.host.Directory().Account(c.AccountID)
		isAnalysed := c.Kind == store.KindCustomer && c.Traits[bridge.TraitAnalysis] != bridge.AnalysisOff
		if a == nil || !isAnalysed || !canHelpOthers(as.host.Directory(), a) {
			continue
		}

		names, err := solved.Names(ctx, as.pool, c)
		if err != nil {
			return nil, err
		}

		for _, agent := range as.host.Directory().Agents { // an example mustn't have the name of the agent who signed
			names = append(names, agent.Name)
		}

		if s, ok := solvedIn(c, messages, names); ok {
			s.Tags = as.host.Directory().CurrentTagNames(s.Tags)
			examples = append(examples, s)
		}
	}

	return examples, nil
}

// solvedIn returns what was asked first and answered last in a conversation. It returns false if nothing was asked.
func solvedIn(c *store.Conversation, messages []store.Message, names []string) (solved.Solved, bool) {
	s := solved.Solved{
		ConversationID: c.ID,
		AccountID:      c.AccountID,
		Intent:         c.Traits[bridge.TraitIntent],
		Tags:           c.Tags,
		Language:       c.Traits[bridge.TraitLanguage],
	}
	if c.TeamID != nil {
		s.TeamID = *c.TeamID
	}

	person := anonymous.NewPerson(names...)
	var asked []string
	for i := range messages {
		m := &messages[i]
		if m.ConversationID != c.ID || m.Automatic != "" || m.IsDeleted() {
			continue
		}
		if m.Direction == store.DirectionIn && s.Answered == "" {
			asked = append(asked, m.Subject, anonymous.Unsigned(m.CurrentText()))
		}

		hasLeft := m.Direction == store.DirectionOut && m.Fate == store.FateOut
		if hasLeft && m.AgentID != nil {
			s.Answered, s.AgentID = m.Text, *m.AgentID
		}
	}

	s.Asked = firstSolvedRunes(person.Text(clean.FirstRunes(strings.Join(asked, "\n"), maxReadRunes)))
	s.Answered = person.Text(clean.FirstRunes(s.Answered, maxReadRunes))
	isCut := s.Answered != firstSolvedRunes(s.Answered)
	if isCut || strings.Contains(s.Answered, anonymous.Hole) {
		s.Answered = "" // without its end, or with a hole in it, it could say something else
	}

	return s, s.Asked != ""
}

func firstSolvedRunes(text string) string { return clean.FirstRunes(text, maxSolvedRunes) }

// canHelpOthers reports whether what is answered in an account may help to answer in other accounts of its team. It may
// not if the account has a channel of its own, which not everybody can read, or if nothing of it is to be analysed.
func canHelpOthers(dir *directory.Directory, a *store.Account) bool {
	hasOwnChannel := a.SurfaceChannel != ""
	if a.Side != store.SideChannel || hasOwnChannel {
		return false
	}
	return dir.SettingsOf(a, ofThreads).Analyses
}
