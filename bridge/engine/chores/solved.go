package chores

import (
	"context"
	"fmt"
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
	solvedBatch       = 20   // conversations per transaction
	maxSolvedMessages = 30   // latest messages that are read per conversation
	maxReadRunes      = 5000 // runes of the question, and of the answer, that are anonymised
	maxSolvedRunes    = 1200 // runes of the question, and of the answer, that are stored
)

// learn stores an anonymous copy of what was asked and answered in each conversation that was resolved: "Can I
// pay by invoice?", "Yes, from the second order on." Later analyses use these pairs to suggest replies
// (experience.go). Without an Analyzer the conversations are only marked as done. Texts are anonymised before
// the transaction begins, because that is slow.
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

// keepTaken stores the examples of those conversations that have not been reopened or changed since they were read.
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

// examplesOf returns what the due conversations contribute. Conversations that may not be analysed contribute nothing.
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

		for _, agent := range as.host.Directory().Agents { // remove the signing agent's name, too
			names = append(names, agent.Name)
		}

		s, ok, err := learnFrom(c, messages, names)
		if err != nil { // the next attempt would fail, too
			as.log.Warn("nothing is learned from a conversation", "conversation_id", c.ID, "error", err)
		}
		if ok {
			s.Tags = as.host.Directory().CurrentTagNames(s.Tags)
			examples = append(examples, s)
		}
	}

	return examples, nil
}

// learnFrom is solvedIn for texts that may make it panic, which must not end the process.
func learnFrom(c *store.Conversation, messages []store.Message, names []string) (s solved.Solved, ok bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			s, ok, err = solved.Solved{}, false, fmt.Errorf("chores: learning panicked: %v", p)
		}
	}()
	s, ok = solvedIn(c, messages, names)
	return s, ok, nil
}

// solvedIn returns the customer's first question and the agents' last answer, anonymised. names are the names
// to remove. It returns false if the customer asked nothing.
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
		s.Answered = "" // an answer that is cut off or has a gap could mean something else
	}

	return s, s.Asked != ""
}

func firstSolvedRunes(text string) string { return clean.FirstRunes(text, maxSolvedRunes) }

// canHelpOthers reports whether answers given in an account may be suggested in other accounts of its team. They
// may not if the account has a chat channel of its own, which not every agent can read, or if it isn't analysed.
func canHelpOthers(dir *directory.Directory, a *store.Account) bool {
	hasOwnChannel := a.SurfaceChannel != ""
	if a.Side != store.SideChannel || hasOwnChannel {
		return false
	}
	return dir.SettingsOf(a, ofThreads).Analyses
}
