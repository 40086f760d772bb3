package insight

import (
	"slices"
	"strconv"
	"time"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/engine/book"
	"parley/bridge/engine/own"
	"parley/store"
	"parley/store/suggested"
	"parley/store/suggestion"
)

// noteNewReply reports whether the reply that is suggested first is worth a note: it isn't an answer to thanks, and wasn't
// suggested before. It notes that the reply is suggested now.
func (us *UseCases) noteNewReply(c *book.Conversation, f own.Fact) bool {
	replies := f.Answer.Replies
	if len(replies) == 0 || !isWorthNote(f.Answer.Intents) {
		return false
	}
	return c.Remember(bridge.TraitSuggested, "reply "+bridge.SumOf(replies[0].Text))
}

// suggestReplies keeps replies that were not suggested before for the form that the note's button opens.
func (us *UseCases) suggestReplies(c *book.Conversation, f own.Fact, note *bridge.AnalysisLine) {
	if !us.noteNewReply(c, f) {
		return
	}
	var kept []suggested.Reply
	for _, r := range f.Answer.Replies {
		kept = append(kept, suggested.Reply{Text: r.Text, Sources: sourcesOf(f, r)})
	}
	us.Suggested.Keep(c, f.UpTo, kept)
	us.Suggestions.Record(c, suggestion.Reply, strconv.FormatInt(int64(f.UpTo), 10))
	note.Suggested = f.UpTo
	for _, s := range kept[0].Sources {
		note.Sources = append(note.Sources, bridge.SourceRef{Title: s.Title, Link: s.Link})
	}
}

// sourcesOf returns the sources on which a reply draws, as people see them.
func sourcesOf(f own.Fact, r analysis.Reply) (all []suggested.Source) {
	for _, id := range r.Sources {
		if i := slices.IndexFunc(f.Cited, func(s own.CitedSource) bool { return s.ID == id }); i >= 0 {
			all = append(all, suggested.Source{Title: f.Cited[i].Title, Link: f.Cited[i].Link})
		}
	}
	return all
}

// suggestActions adds to a note who may take the conversation, and until when it may be snoozed. news reports whether the snooze is
// worth a note by itself.
func (us *UseCases) suggestActions(c *book.Conversation, f own.Fact, note *bridge.AnalysisLine) (news bool) {
	for _, a := range f.Answer.Actions {
		switch a.Name {
		case analysis.Assign:
			agent := us.Dir.Agent(own.ParseSolver(a.Value))
			if len(c.Assignees) == 0 && us.canTake(agent) {
				ref := us.Dir.Ref(0, agent.ID)
				note.Solver = &ref
				us.Suggestions.Show(c, suggestion.Assign, ref.Email)
			}
		case analysis.Snooze:
			day, err := time.Parse(time.DateOnly, a.Value)
			if err != nil {
				continue // a model may have named something that isn't a day
			}
			if analysis.CanRestUntil(day, us.Now) {
				note.Until = a.Value
				news = us.Suggestions.Show(c, suggestion.Snooze, a.Value)
			}
		case analysis.Template, analysis.Priority:
		}
	}

	return news
}

// canTake reports whether an agent works here, and is not away. agent may be nil.
func (us *UseCases) canTake(agent *store.Agent) bool {
	if agent == nil || !agent.Active {
		return false
	}
	return !us.Dir.IsAway(agent.ID)
}
