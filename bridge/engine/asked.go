package engine

import (
	"context"

	"parley/bridge"
	"parley/bridge/engine/clean"
	"parley/bridge/engine/own"
	"parley/store"
	"parley/store/ai"
)

const (
	maxAsked      = 3   // questions to a model that are shown
	maxAskedRunes = 500 // characters that are shown of what was sent, and of what was answered
)

// modelQuestions returns what a model was asked about a conversation last, and what it answered, the newest first. It
// returns only what is kept: nothing without a Sealer.
func (w *work) modelQuestions(ctx context.Context, q store.Querier, conversation store.ConversationID) ([]bridge.Asked, error) {
	if w.e.opt.Sealer == nil {
		return nil, nil
	}

	records, err := ai.LatestRecords(ctx, q, conversation, maxAsked)
	if err != nil {
		return nil, err
	}

	var list []bridge.Asked
	for _, r := range records {
		var kept own.ModelRecord
		if err := r.Open(w.e.opt.Sealer, conversation, &kept); err != nil {
			w.e.log.Warn("what a model was asked can't be read", "conversation_id", conversation, "error", err)
			continue
		}

		a := bridge.Asked{
			At:       r.At,
			By:       kept.Answer.By,
			Instead:  kept.Answer.Degraded,
			Task:     string(kept.Task),
			Mood:     string(kept.Answer.Sentiment),
			Urgent:   kept.Answer.Urgency.Urgent,
			Because:  kept.Answer.Urgency.Because,
			Intents:  kept.Answer.Intents,
			Requests: len(kept.Exchanges),
		}
		for _, x := range kept.Exchanges { // the last exchange is shown, and the tokens of all
			a.Model, a.Failure = x.Model, x.Failure
			a.Tokens += x.TokensIn + x.TokensOut
			a.Sent = clean.Shorten(clean.Text(x.Asked), maxAskedRunes)
			a.Answered = clean.Shorten(clean.Text(x.Answered), maxAskedRunes)
		}

		list = append(list, a)
	}

	return list, nil
}
